"""The workspaces, read back from the kernel and tried from inside."""

import pytest

STUDENTS = ("ada", "grace", "linus")
EACH = pytest.mark.parametrize("student", STUDENTS)
NONE = "0000000000000000"


def inside(engine, student, command):
    return engine.run(f"docker exec workspace-{student} sh -c '{command}'")


def test_the_verdict_is_green_and_complete(report):
    assert report["summary"]["ok"]
    assert report["summary"]["containers"] == len(STUDENTS)
    assert report["summary"]["fail"] == report["summary"]["error"] == 0
    assert all(finding["evidence"] for finding in report["findings"] if finding["status"] == "pass")


def test_each_has_a_category_pair_of_its_own(engine, inspected):
    labels = {
        engine.check_output(f"tr -d '\\0' </proc/{one['State']['Pid']}/attr/current") for one in inspected.values()
    }
    assert len(labels) == len(STUDENTS)
    assert {label.split(":")[2] for label in labels} <= {"container_t", "container_init_t"}
    assert all(label.split(":", 4)[4].count(",") == 1 for label in labels)


@EACH
def test_no_privilege_is_left(engine, inspected, student):
    status = engine.check_output(f"cat /proc/{inspected[student]['State']['Pid']}/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (fields["CapEff"], fields["CapBnd"], fields["NoNewPrivs"], fields["Seccomp"]) == (NONE, NONE, "1", "2")


@EACH
def test_the_limits_stand_in_the_kernel(engine, inspected, student):
    slice_ = engine.check_output(f"cut -d: -f3 /proc/{inspected[student]['State']['Pid']}/cgroup")
    assert slice_.startswith(f"/bulkhead.slice/bulkhead-{student}.slice/docker-")
    read = engine.check_output(f"cd /sys/fs/cgroup{slice_} && cat memory.max memory.swap.max cpu.max pids.max").split(
        "\n"
    )
    memory = 96 if student == "ada" else 128
    assert read == [str(memory << 20), "0", "50000 100000", "128"]
    # All containers of one student together: two workspaces' worth.
    above = engine.check_output(f"cd /sys/fs/cgroup{slice_}/.. && cat memory.max memory.swap.max cpu.max pids.max")
    assert above.split("\n") == [str(2 * memory << 20), "0", "100000 100000", "256"]


def test_all_together_are_limited_too(engine):
    assert engine.check_output("cat /sys/fs/cgroup/bulkhead.slice/memory.max") != "max"
    assert engine.check_output("cat /sys/fs/cgroup/bulkhead.slice/pids.max") != "max"


def test_the_system_has_room_of_its_own(engine):
    minimum, weight = engine.check_output("cd /sys/fs/cgroup/system.slice && cat memory.min cpu.weight").split("\n")
    assert int(minimum) > 100 << 20
    assert int(weight) > int(engine.check_output("cat /sys/fs/cgroup/bulkhead.slice/cpu.weight"))


@EACH
def test_the_root_is_read_only_and_the_home_is_writable(engine, student):
    assert "Read-only file system" in inside(engine, student, "touch /usr/new").stderr
    assert inside(engine, student, "echo hello >~/note && cat ~/note").stdout == "hello\n"


def test_a_file_keeps_the_categories_of_its_workspace(engine, inspected):
    inside(engine, "grace", "echo mine >~/mine")
    home = next(mount["Source"] for mount in inspected["grace"]["Mounts"] if mount["Destination"] == "/home/student")
    label = engine.check_output(f"stat --format=%C {home}/mine")
    process = engine.check_output(f"tr -d '\\0' </proc/{inspected['grace']['State']['Pid']}/attr/current")
    assert label.split(":")[3:] == process.split(":")[3:]
    assert label.split(":")[2] == "container_file_t"


def test_another_workspace_does_not_answer(engine, inspected):
    address = next(iter(inspected["linus"]["NetworkSettings"]["Networks"].values()))["IPAddress"]
    # A server that stays, and a first caller that it must answer: without one the silence would prove nothing.
    inside(engine, "linus", "mkdir -p /tmp/www && echo mine >/tmp/www/page && busybox httpd -p 9000 -h /tmp/www")
    url = f"http://{address}:9000/page"
    assert inside(engine, "linus", f"busybox wget -q -T 5 -O - {url}").stdout == "mine\n"
    answer = inside(engine, "ada", f"busybox wget -q -T 5 -O - {url}")
    assert answer.failed
    assert "wget" in answer.stderr


def test_the_engine_is_not_in_sight(engine):
    listing = inside(engine, "ada", "ls /run/docker.sock /var/run/docker.sock")
    assert listing.stderr.count("No such file or directory") == 2
    assert engine.check_output("stat --format=%a:%U:%G /run/docker.sock") == "600:root:root"
