"""The machines as they came out of the boot, and as the run left them."""


def test_selinux_is_enforcing_now_and_after_the_next_boot(machine):
    assert machine.check_output("cat /sys/fs/selinux/enforce") == "1"
    assert machine.file("/etc/selinux/config").contains("^SELINUX=enforcing$")
    assert "security=selinux" in machine.check_output("cat /proc/cmdline").split()


def test_every_unit_runs(machine):
    assert machine.run("systemctl is-system-running").stdout.strip() == "running"


def test_nothing_was_denied_since_the_boot(machine):
    # ausearch misses what happened before auditd ran, hence the kernel's journal too.
    kernel = machine.run("journalctl --boot --quiet --dmesg --grep 'avc:.*denied' --output cat").stdout
    audit = machine.run("ausearch --message AVC,USER_AVC --raw").stdout
    assert kernel + audit == ""


def test_there_is_no_way_out(machine):
    assert (
        machine.check_output("ip route show default | grep -c via || true") == "0"
        or machine.run("timeout 3 bash -c '</dev/tcp/192.0.2.1/80'").failed
    )


def test_nobody_enters_with_a_password(machine):
    options = machine.check_output("sshd -T").splitlines()
    assert "passwordauthentication no" in options
    assert "permitrootlogin without-password" in options
