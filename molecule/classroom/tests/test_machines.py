"""The machines as they came out of the boot, and as the run left them."""


def test_selinux_is_enforcing_now_and_after_the_next_boot(machine):
    assert machine.check_output("cat /sys/fs/selinux/enforce") == "1"
    assert machine.file("/etc/selinux/config").contains("^SELINUX=enforcing$")
    assert "security=selinux" in machine.check_output("cat /proc/cmdline").split()


def test_every_unit_runs(machine):
    assert machine.run("systemctl is-system-running").stdout.strip() == "running"


def test_nothing_was_denied_since_the_boot(machine):
    # ausearch misses what happened before auditd ran, hence the kernel's journal too.
    kernel = machine.check_output("journalctl --boot --quiet --dmesg --output cat")
    assert "Linux version" in kernel, "the journal does not reach back to the boot, so it proves nothing"
    assert [line for line in kernel.splitlines() if "avc:" in line and "denied" in line] == []
    audit = machine.run("ausearch --message AVC,USER_AVC --raw")
    # 1 is ausearch's word for no match; anything else would be a question that was not answered.
    assert (audit.rc, audit.stdout) == (1, "")


def test_there_is_no_way_out(machine):
    routes = machine.check_output("ip -4 route show")
    assert "dev eth0" in routes
    assert "default" not in routes


def test_nobody_enters_with_a_password(machine):
    options = machine.check_output("sshd -T").splitlines()
    assert "passwordauthentication no" in options
    assert "permitrootlogin without-password" in options
