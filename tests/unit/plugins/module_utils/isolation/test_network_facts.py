# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading networks: the kernel's tables as they were printed on a real host, and the engine's words."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import net_namespaces
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import fact_from
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.net_tables import (
    SOCKET_LIMIT,
    abstract_names,
    local_addresses,
    read_abstract,
    read_tcp,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.network_facts import read_network
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import (
    FakeEngine,
    FakeKernel,
    identifier,
    inspection,
)

FIB = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     +-- 172.20.0.0/16 2 0 2
        +-- 172.20.0.0/30 2 0 2
           |-- 172.20.0.0
              /16 link UNICAST
           |-- 172.20.0.2
              /32 host LOCAL
        |-- 172.20.255.255
           /32 link BROADCAST
Local:
  +-- 0.0.0.0/0 3 0 5
           |-- 172.20.0.2
              /32 host LOCAL
"""
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = HEAD + (
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9201 1 0 100 0 0 10 0\n"
    "   1: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9202 1 0 100 0 0 10 0\n"
    "   2: 020014AC:C350 010014AC:0016 01 00000000:00000000 00:00000000 00000000     0        0 9203 1 0 100 0 0 10 0\n"
)
TCP6 = HEAD + (
    "   0: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000     0        0 9204 1 0 100 0 0 10 0\n"
)
UNIX = """Num       RefCount Protocol Flags    Type St Inode Path
00000000f6a50f36: 00000002 00000000 00010000 0001 01 31 /run/docker.sock
0000000091c98aab: 00000003 00000000 00000000 0001 03 32
0000000091c98aac: 00000002 00000000 00010000 0001 01 33 @/containerd-shim/moby/ab/shim.sock@
0000000091c98aad: 00000003 00000000 00000000 0001 03 34 @/containerd-shim/moby/ab/shim.sock@
0000000091c98aae: 00000003 00000000 00000000 0001 03 35 @4dae2/bus/systemd/system
0000000091c98aaf: 00000002 00000000 00000000 0002 01 36 @daf51
0000000091c98ab0: 00000002 00000000 00000000 0002 01 37 @log of mine
0000000091c98ab1: 00000002 00000000 00010000 0005 01 38 @
z z z zz z z @no line of the kernel's
"""


def test_addresses_of_a_namespace():
    assert local_addresses(FIB) == ["172.20.0.2"] and local_addresses("") == []


def test_listening_sockets_of_both_versions(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.write("/proc/7/net/tcp", TCP)
    four = [{"address": "127.0.0.1", "port": 8080}, {"address": "0.0.0.0", "port": 22}]
    assert read_tcp(fake.kernel, "7").value == four
    fake.kernel.forget()
    fake.write("/proc/7/net/tcp6", TCP6)
    assert read_tcp(fake.kernel, "7").value == [*four, {"address": "::1", "port": 80}]
    assert read_tcp(fake.kernel, "8").error.startswith("ENOENT")


def test_names_of_sockets_that_somebody_answers():
    assert abstract_names(UNIX) == ["@", "@/containerd-shim/moby/ab/shim.sock@", "@log of mine"]


def test_one_among_very_many_sockets_is_not_lost(tmp_path):
    fake = FakeKernel(tmp_path)
    line = "0000000091c98aac: 00000002 00000000 00010000 0001 01 33 @name{}\n"
    fake.write("/proc/7/net/unix", UNIX + "".join(map(line.format, range(SOCKET_LIMIT - 3))))
    assert len(read_abstract(fake.kernel, "7").value) == SOCKET_LIMIT
    fake.write("/proc/7/net/unix", UNIX + "".join(map(line.format, range(SOCKET_LIMIT))))
    assert read_abstract(fake.kernel, "7").error.startswith("E2BIG")
    assert read_abstract(fake.kernel, "8").error.startswith("ENOENT")


def inspected(**ports):
    record = inspection("a", 100)
    networks = {"course": {"NetworkID": "c" * 64}}
    return {**record, "NetworkSettings": {"Networks": networks, "Ports": ports}}


def without_names(record):
    return {key: one for key, one in record.items() if isinstance(one, dict)}


def values(record):
    return {key: fact_from(one).value for key, one in record.items()}


def test_a_container_that_publishes_nothing_is_not_asked_who_listens(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.process(100)
    fake.write("/proc/100/net/tcp", TCP)
    read = values(read_network(fake.kernel, inspected(**{"80/tcp": None})))
    assert read["networks"] == {"course": "c" * 64} and read["published"] == [] and read["listeners"] is None


def test_ports_are_recorded_with_the_address_that_stands_for_all(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.process(100)
    fake.write("/proc/100/net/tcp", TCP)
    bindings = [{"HostIp": "", "HostPort": "8080"}, {"HostIp": "::", "HostPort": "8080"}]
    read = values(read_network(fake.kernel, inspected(**{"80/tcp": bindings})))
    both = [{"inside": 80, "protocol": "tcp", "address": address, "port": 8080} for address in ("0.0.0.0", "::")]
    assert read["published"] == both and len(read["listeners"]) == 2
    nothing = values(read_network(fake.kernel, inspection("a", 100)))
    assert nothing["published"] is None and nothing["networks"] is None


def test_networks_are_read_by_one_call_and_know_who_is_in_them(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.process(100)
    fake.write("/sys/class/net/br-cccccccccccc/brif/veth1/isolated", "1\n")
    engine = FakeEngine(inspected(), {**inspected(), "Id": identifier("b"), "State": {"Status": "exited", "Pid": 0}})
    option = "com.docker.network.bridge.enable_icc"
    course = {"Name": "course", "Id": "c" * 64, "Driver": "bridge", "Options": {option: "false"}, "Internal": True}
    course["IPAM"] = {"Config": [{"Subnet": "172.20.0.0/16"}, {}]}
    over = {"Name": "wide", "Id": "d" * 64, "Driver": "overlay", "Options": {"encrypted": ""}, "Internal": False}
    engine.networks = lambda: [course, over]
    document = gather(engine, fake.kernel, {}, "tcp://127.0.0.1:1")
    own, wide = (values(without_names(record)) for record in document["networks"])
    assert own.pop("ports") == {"veth1": "1"} and wide["encrypted"] is True
    assert own == {
        "driver": "bridge",
        "bridge": "br-cccccccccccc",
        "ipv6": None,
        "icc": False,
        "default_bridge": False,
        "encrypted": False,
        "internal": True,
        "subnets": ["172.20.0.0/16"],
        "attached": ["workspace-a"],
    }
    assert document["host"]["daemon"]["bridge"]["value"] == {"exists": False, "options": {}}


def own_namespace():
    return str(Kernel().identity("/proc/self/ns/net").value)


def namespace_of(pid, here):
    """Once it has left ours, if it may."""
    ends, found = time.monotonic() + 10, here
    while found == here and not os.geteuid() and time.monotonic() < ends:
        found = str(Kernel().identity(f"/proc/{pid}/ns/net").value)
    return found


def test_a_namespace_is_entered_by_a_child_and_this_process_stays():
    here = own_namespace()
    # Whoever is not root may make none and enter none, not even its own.
    command = ["sleep", "60"] if os.geteuid() else ["unshare", "--net", "sleep", "60"]
    with subprocess.Popen(command) as other:
        try:
            identity = namespace_of(other.pid, here)
            fact = net_namespaces.Reading({identity: other.pid}).answers()[identity]
        finally:
            other.kill()
    assert fact.error.startswith("EPERM") if os.geteuid() else set(fact.value) == {"all", "default", "lo"}
    assert own_namespace() == here


@pytest.mark.parametrize(("identity", "pid", "error"), [("0:1", os.getpid(), "ESRCH"), ("0:1", 1 << 30, "ENOENT")])
def test_a_namespace_that_is_gone_is_an_error(identity, pid, error):
    assert net_namespaces.Reading({identity: pid}).answers()[identity].error.startswith(error)


def test_a_child_that_takes_too_long_is_stopped():
    many = {f"0:{number}": os.getpid() for number in range(20000)}
    found = net_namespaces.Reading(many).answers(seconds=0)
    assert any(fact.error.startswith("ECHILD") for fact in found.values()) and set(found) == set(many)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_so_many_interfaces_are_an_error_and_one_that_is_gone_is_not(tmp_path):
    for number in range(net_namespaces.INTERFACE_LIMIT):
        (tmp_path / f"veth{number}").mkdir()
    for setting in net_namespaces.SETTINGS:
        (tmp_path / "veth7" / setting).write_text("0\n")
    read = net_namespaces.settings_below(str(tmp_path))
    assert read == {"interfaces": {"veth7": dict.fromkeys(net_namespaces.SETTINGS, "0")}}
    (tmp_path / "one-more").mkdir()
    assert net_namespaces.settings_below(str(tmp_path))["error"].startswith("E2BIG")
