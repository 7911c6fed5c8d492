"""What the engine host's kernel is set to, and what it writes down."""

FILE = "/etc/docker/who-was-it"


def test_the_running_kernel_has_every_setting_of_the_file(engine):
    # Read over again from the kernel; a setting that it does not have is one that nobody can change.
    lines = engine.check_output("grep -v '^#' /etc/sysctl.d/99-zz-bulkhead.conf").splitlines()
    wanted = dict(line.split(" = ") for line in lines)
    running = dict(
        line.split(" = ") for line in engine.check_output("sysctl --all 2>/dev/null").splitlines() if "=" in line
    )
    assert {name: running[name] for name in wanted if name in running} == {
        name: value for name, value in wanted.items() if name in running
    }
    assert {"kernel.yama.ptrace_scope", "kernel.kptr_restrict", "fs.protected_regular"} <= running.keys()


def test_who_changes_the_engine_is_written_down_and_the_engine_itself_is_not(engine):
    script = f"""
        since=$(date +%H:%M:%S); sleep 1
        touch {FILE} /var/lib/docker/volumes/who-was-it
        docker volume create control >/dev/null
        rm {FILE} /var/lib/docker/volumes/who-was-it; docker volume rm control >/dev/null; sleep 1
        ausearch --input-logs --start "$since" --key docker --interpret"""
    records = engine.check_output(script)
    assert FILE in records and "/var/lib/docker/volumes/who-was-it" in records
    assert "/var/lib/docker/volumes/control" not in records


def test_who_speaks_to_the_engine_is_written_down(engine):
    script = """
        since=$(date +%H:%M:%S); docker ps >/dev/null; sleep 1
        ausearch --input-logs --start "$since" --key docker-socket --interpret"""
    assert "exe=/usr/bin/docker" in engine.check_output(script)


def test_the_authority_of_the_registry_is_written_by_nobody(engine, registry_name):
    assert engine.file(f"/etc/docker/certs.d/{registry_name}/ca.crt").mode == 0o444
