# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an engine would listen, from the files of its units, and what of that is refused."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_listening import (
    Units,
    endpoints,
    environment,
    is_tcp,
    listens_otherwise,
    problems,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.unit_files import UnitFile

UNIT = "/usr/lib/systemd/system/docker.service"
SOCKET = UnitFile("/usr/lib/systemd/system/docker.socket", "[Socket]\nListenStream=/run/docker.sock\n")
OWN = "/etc/systemd/system/docker.service.d/zz-bulkhead-remote.conf"
REMOTE = ["--host=tcp://192.0.2.11:2376", "--tlsverify", "--tlscacert=/ca", "--tlscert=/cert", "--tlskey=/key"]
DEBIAN = """[Service]
EnvironmentFile=-/etc/default/docker
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS
"""


def units(*drop_ins, options="", socket=(SOCKET,)):
    service = [UnitFile(UNIT, DEBIAN), *(UnitFile(path, text) for path, text in drop_ins)]
    files = {"/etc/default/docker": f"# the defaults\nDOCKER_OPTS='{options}'\n"}
    return Units(service, socket, environment(service, files), OWN)


def started(flags, name="override.conf"):
    text = f"[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd {flags}\n"
    return f"/etc/systemd/system/docker.service.d/{name}", text


OWN_FILE = started("-H fd:// " + " ".join(REMOTE), "zz-bulkhead-remote.conf")


@pytest.mark.parametrize("remote", [[], REMOTE])
def test_a_good_engine_has_no_problems(remote):
    assert problems(units(), {"live-restore": True}, remote) == []
    assert problems(units(OWN_FILE), {"live-restore": True}, remote) == []


@pytest.mark.parametrize(
    "flags",
    [
        "-H tcp://0.0.0.0:2375 -H fd://",
        "-H fd:// --host=192.0.2.11:2375",
        "-Htcp://192.0.2.11",
        "-H=:2375",
        # Encrypted is not authenticated.
        "-H tcp://192.0.2.11:2376 --tls --tlscert=/cert --tlskey=/key",
        "-H tcp://192.0.2.11:2376 --tlsverify=false",
    ],
)
def test_a_listener_that_asks_nobody_is_refused_wherever_it_stands(flags):
    for found in (units(started(flags)), units(options=flags)):
        (problem,) = problems(found, {}, [])
        assert "root on this host" in problem and "engine_host_remote" in problem
    assert "override.conf" in problems(units(started(flags)), {}, [])[0]


def test_an_authenticated_listener_of_others_is_let_be_but_not_twice():
    found = units(started("-H fd:// -H tcp://192.0.2.11:2376 --tlsverify --tlscacert=/a --tlscert=/b --tlskey=/c"))
    assert problems(found, {}, []) == []
    assert "already" in problems(found, {}, REMOTE)[0]


@pytest.mark.parametrize("listen", ["2375", "192.0.2.11:2375", "[::]:2375"])
def test_the_socket_unit_can_be_open_too(listen):
    drop_in = UnitFile("/etc/systemd/system/docker.socket.d/tcp.conf", f"[Socket]\nListenStream={listen}\n")
    (problem,) = problems(units(socket=(SOCKET, drop_in)), {}, [])
    assert listen in problem and drop_in.path in problem
    # What the engine takes over from its socket gets the proof that the engine asks for.
    assert problems(units(socket=(SOCKET, drop_in)), {}, REMOTE) == []


def test_hosts_in_the_file_are_refused_because_of_the_unit():
    plain, twice = problems(units(), {"hosts": ["unix:///run/docker.sock", "tcp://0.0.0.0:2375"]}, [])
    assert "tcp://0.0.0.0:2375" in plain and "does not start" in twice
    (twice,) = problems(units(), {"hosts": ["tcp://192.0.2.11:2376"], "tlsverify": True}, [])
    assert "does not start" in twice
    # Before the package is there, too.
    assert len(problems(Units(), {"hosts": ["tcp://0.0.0.0:2375"]}, [])) == 2


@pytest.mark.parametrize("key", ["containerd", "tlsverify", "tlscacert", "log-level"])
def test_a_key_that_is_a_flag_too_keeps_the_engine_from_starting(key):
    found = units(options="--log-level=warn")
    assert [key in problem for problem in problems(found, {key: "x"}, REMOTE)] == [True]


def test_runtimes_may_stand_in_both():
    found = units(options="--add-runtime=a=/usr/bin/runc")
    assert problems(found, {"runtimes": {"b": {"path": "/usr/bin/runc"}}}, []) == []


def test_a_drop_in_that_would_win_over_ours():
    found = units(OWN_FILE, started("-H fd://", "zzz.conf"))
    (problem,) = problems(found, {}, REMOTE)
    assert "zzz.conf" in problem
    assert problems(found, {}, []) == []


def test_a_remapped_user_and_the_image_store_of_containerd():
    features = {"features": {"containerd-snapshotter": True}}
    assert len(problems(units(), {"userns-remap": "default", **features}, [])) == 1
    assert problems(units(), features, []) == []


def test_the_command_is_that_of_the_unit_without_ours():
    assert units(OWN_FILE).command().text.endswith("$DOCKER_OPTS")
    assert units(started("-H fd:// --debug"), OWN_FILE).command().text == "/usr/sbin/dockerd -H fd:// --debug"
    assert Units().command() is None


def test_a_running_engine_that_listens_otherwise():
    plain = ["-H", "fd://", "--containerd=/run/containerd/containerd.sock"]
    assert listens_otherwise(plain, units(OWN_FILE), []) == ""
    assert listens_otherwise([*plain, *REMOTE], units(OWN_FILE), REMOTE) == ""
    assert "should at tcp://192.0.2.11:2376" in listens_otherwise(plain, units(OWN_FILE), REMOTE)
    assert "should at no network" in listens_otherwise([*plain, *REMOTE], units(), [])
    other = [word.replace("/ca", "/other") for word in REMOTE]
    assert "tlscacert" in listens_otherwise([*plain, *other], units(OWN_FILE), REMOTE)


def test_addresses():
    assert [is_tcp(host) for host in ("fd://", "unix:///run/a", "", "tcp://h:1", "h:1")] == [*3 * [False], *2 * [True]]
    assert endpoints(REMOTE) == {("192.0.2.11", 2376)}
    assert endpoints(["-H", "tcp://[2001:db8::1]:2376", "-H", "tcp://192.0.2.1"]) == {("2001:db8::1", 2376)}
