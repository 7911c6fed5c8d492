"""Attempts from inside a workspace to use up the host: each is contained, and each has a control that shows it works.

A control does the same where the limit is higher. It is bounded, and nothing of it stays.
"""

import base64
import errno
import struct

import pytest

STUDENTS = ("ada", "grace", "linus")
HOMES = "/var/lib/docker/bulkhead/workspaces"
# Hardened as a workspace is; what differs is what a control is about.
CONTROL = "docker run --rm --network none --user 1000:1000 --cap-drop ALL --security-opt no-new-privileges"
# Children that wait without a program of their own, which would cost more time than the limit allows. All end with it.
FORKS = (
    "trap 'kill 0' EXIT; trap : TERM; mkfifo /tmp/pipe; made=0; "
    "while [ $made -lt 200 ]; do (read line) <>/tmp/pipe & made=$((made+1)); done; echo $made"
)
# One buffer, filled.
BOMB = "dd if=/dev/zero of=/dev/null bs=180M count=1 && echo survived"
SPIN = "for one in 1 2 3; do timeout 12 sh -c 'while :; do :; done' & done; wait"


@pytest.fixture(scope="module")
def image(inspected):
    return inspected["linus"]["Config"]["Image"]


@pytest.fixture(scope="module")
def group(engine, inspected):
    """The control group of linus' workspace."""
    path = engine.check_output(f"cut -d: -f3 /proc/{inspected['linus']['State']['Pid']}/cgroup")
    return f"/sys/fs/cgroup{path}"


@pytest.fixture(autouse=True)
def healthy(engine):
    """After every attempt the engine answers, every workspace runs, and the host has no failed unit."""
    yield
    names = engine.check_output("docker ps --format '{{.Names}}' --filter label=org.bulkhead.student").splitlines()
    assert {f"workspace-{student}" for student in STUDENTS} <= set(names)
    assert engine.check_output("systemctl is-system-running") == "running"


def inside(engine, command, student="linus"):
    return engine.run(f"docker exec workspace-{student} sh -c %s", command)


def control(engine, image, options, command):
    return engine.run(f"{CONTROL} {options} {image} sh -c %s", command)


def event(engine, group, file, name):
    return int(engine.check_output(f"sed -n 's/^{name} //p' {group}/{file}"))


def test_a_fork_bomb_meets_its_limit(engine, image, group):
    before = event(engine, group, "pids.events", "max")
    bomb = inside(engine, FORKS)
    inside(engine, "rm -f /tmp/pipe")
    assert bomb.failed and "fork" in bomb.stderr
    assert event(engine, group, "pids.events", "max") > before
    assert int(engine.check_output(f"cat {group}/pids.peak")) <= 128
    assert control(engine, image, "--init --pids-limit 300", FORKS).stdout == "200\n"


def test_a_memory_bomb_is_killed_and_the_workspace_stays(engine, image, group):
    before = event(engine, group, "memory.events", "oom_kill")
    assert inside(engine, BOMB).rc == 137
    assert event(engine, group, "memory.events", "oom_kill") > before
    assert control(engine, image, "--memory 256m --memory-swap 256m", BOMB).stdout == "survived\n"


def test_files_in_memory_are_no_way_round_the_limit(engine, image):
    write = "dd if=/dev/zero of=/big/file bs=1M count=80 && echo written"
    tmpfs = "--tmpfs /big:rw,size=200m,mode=1777"
    killed = control(engine, image, f"{tmpfs} --memory 48m --memory-swap 48m", write)
    assert killed.rc == 137 and killed.stdout == ""
    assert control(engine, image, f"{tmpfs} --memory 160m --memory-swap 160m", write).stdout == "written\n"


def test_a_student_has_no_more_with_a_second_container(engine, image):
    """The container's own limit would do; what kills is the slice of linus (256 MiB), not that of all."""
    bomb = BOMB.replace("180M", "280M")
    options = "--memory 400m --memory-swap 400m --cgroup-parent"
    slice_ = "/sys/fs/cgroup/bulkhead.slice/bulkhead-linus.slice"
    before = event(engine, slice_, "memory.events", "oom_kill")
    assert control(engine, image, f"{options} bulkhead-linus.slice", bomb).rc == 137
    assert event(engine, slice_, "memory.events", "oom_kill") > before
    assert control(engine, image, f"{options} bulkhead.slice", bomb).stdout == "survived\n"


def test_the_engine_answers_while_every_workspace_spins(engine, image):
    timed = "start=$(date +%s%N); for run in 1 2 3; do docker ps >/dev/null; done; echo $(( $(date +%s%N) - start ))"
    used = "sed -n 's/^usage_usec //p' /sys/fs/cgroup/bulkhead.slice/cpu.stat"
    idle = int(engine.check_output(timed))
    for student in STUDENTS:
        engine.check_output(f"docker exec --detach workspace-{student} sh -c %s", SPIN)
    before = int(engine.check_output(used))
    busy = int(engine.check_output(timed))
    spent = int(engine.check_output(used)) - before
    assert busy < 5 * idle
    # They did spin meanwhile: more than a quarter of a processor, and no more than half a one each.
    assert spent > busy // 1000 // 4
    # One that may have two processors takes more than a workspace ever gets.
    measure = "cat /sys/fs/cgroup/cpu.stat"
    alone = control(engine, image, "--cpus 2", f"{SPIN.replace('12', '4')}; {measure}").stdout
    assert int(alone.split()[1]) > 4 * 500_000


def test_a_home_is_held_to_its_size(engine):
    assert "fallocate" in inside(engine, "fallocate -l 600m ~/big").stderr
    assert inside(engine, "rm -f ~/big; fallocate -l 300m ~/big && rm ~/big && echo fits").stdout == "fits\n"
    # The disk itself has room for it.
    assert engine.check_output(f"fallocate -l 600m {HOMES}/control && rm {HOMES}/control && echo fits") == "fits"


def program():
    """An ELF of one segment: gives the file of its first argument to project 0, and ends with the error's number.

    open(argv[1]), ioctl(FS_IOC_FSGETXATTR), project = 0, ioctl(FS_IOC_FSSETXATTR), exit. No image has a tool for it.
    """
    code = bytes.fromhex(
        "488b7c2410 31f6 6a0258 0f05 89c7 4883ec20 4889e2 be1f581c80 6a1058 0f05"
        "c7420c00000000 be20581c40 6a1058 0f05 f7d8 89c7 6a3c58 0f05"
    )
    base, size = 0x400000, 120 + len(code)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, base + 120, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    return head + struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 4096) + code


def test_nobody_takes_a_file_out_of_the_quota(engine):
    """By giving it to another project, which the owner of a file may do: the policy refuses the call."""
    text = base64.b64encode(program()).decode()
    home = engine.check_output(f"echo {HOMES}/*/linus/home")
    made = inside(engine, f"echo {text} | base64 -d >~/give && chmod 755 ~/give && touch ~/file")
    assert made.succeeded, made.stderr
    project = f"xfs_io -r -c lsproj {home}/file"
    before = engine.check_output(project)
    try:
        assert inside(engine, "~/give ~/file").rc == errno.EACCES
        assert engine.check_output(project) == before != "projid = 0"
        # The same program for the same user, outside of the container's type.
        owner = "setpriv --reuid 1000 --regid 1000 --clear-groups"
        engine.check_output(f"cd {home} && cp give /var/tmp/ && {owner} /var/tmp/give file && rm /var/tmp/give")
        assert engine.check_output(project) == "projid = 0"
    finally:
        inside(engine, "rm -f ~/give ~/file")
