# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host is its kernel's and its engine's: settings, proxies, ports, the bridge, and containers of nobody."""

from __future__ import annotations

import os

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import engine_host
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.kernel_settings import (
    FILES,
    INTERFACES,
    VULNERABILITIES,
    read_settings,
    whole,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.stray_facts import read_strays, scan
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_host import PID, FakeHost
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeEngine, identifier, stat


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def strays(host, known=(), daemon=None):
    asked = []

    def is_known(key):
        asked.append(key)
        return key in known

    fact = read_strays(host.kernel, daemon or {}, scan(host.kernel), is_known)
    return {one["id"]: (one["owner"], one["path"]) for one in fact.value}, asked


def test_settings_are_read_where_the_kernel_has_them(host):
    found = read_settings(host.kernel)
    assert found["ptrace_scope"] == {"value": "1", "path": "/proc/sys/kernel/yama/ptrace_scope"}
    assert found["lockdown"]["value"].startswith("none [integrity]")
    assert set(found["interfaces"]["value"]) == {"all", "default", "eth0"}
    assert found["vulnerabilities"]["value"] == {"meltdown": "Mitigation: PTI"}
    (host.root / whole(FILES["ksm"])[1:]).unlink()
    assert read_settings(host.kernel)["ksm"]["error"].startswith("ENOENT")


def test_an_interface_that_is_gone_meanwhile_is_left_out_and_a_closed_file_spoils_the_table(host):
    (host.root / f"{INTERFACES[1:]}/veth0").mkdir()
    assert set(read_settings(host.kernel)["interfaces"]["value"]) == {"all", "default", "eth0"}
    host.kernel.closed.add(f"{INTERFACES}/eth0/rp_filter")
    assert read_settings(host.kernel)["interfaces"]["error"].startswith("EACCES")
    # One that lacks a single setting is an interface all the same.
    host.kernel.closed.clear()
    (host.root / f"{INTERFACES[1:]}/eth0/rp_filter").unlink()
    assert read_settings(host.kernel)["interfaces"]["error"].startswith("ENOENT")


def test_a_folder_in_the_place_of_a_file_and_no_folder_at_all(host):
    (host.root / f"{VULNERABILITIES[1:]}/odd").mkdir()
    assert read_settings(host.kernel)["vulnerabilities"]["error"].startswith("EISDIR")
    host.kernel.closed.add(VULNERABILITIES)
    assert read_settings(host.kernel)["vulnerabilities"]["error"].startswith("EACCES")


def test_a_value_is_recorded_as_it_is_however_long(host):
    hostile = "\x1b[2J\n\u202e" + "x" * 70000
    host.write(whole(FILES["core_pattern"]), hostile)
    assert read_settings(host.kernel)["core_pattern"]["value"] == hostile


def test_every_process_is_scanned_once_and_who_ended_is_left_out(host):
    (host.root / "proc/77").mkdir()
    assert scan(host.kernel) == {PID: ("dockerd", "0::/system.slice/docker.service")}


def test_containers_are_found_by_their_groups_and_by_the_runtimes_state(host):
    host.process(900, f"/docker/{identifier('a')}")
    host.process(901, f"/machine.slice/libpod-{identifier('b')}.scope")
    tasks = "io.containerd.runtime.v2.task"
    for path in (
        f"/run/containerd/{tasks}/moby/{identifier('c')}",
        f"/run/containerd/{tasks}/k8s.io/{identifier('d')}",
        f"/run/containerd/{tasks}/moby/no-identifier",
        f"/data/exec/runtime-runc/moby/{identifier('e')}",
        "/run/runc/mallory",
        "/run/runc/.lock",
        f"/run/crun/{identifier('f')}",
        f"/run/containers/storage/overlay-containers/{identifier('f')}",
    ):
        (host.root / path[1:]).mkdir(parents=True)
    daemon = {"command": {"value": {}}, "file": {"value": {"exec-root": "/data/exec"}}}
    found, asked = strays(host, known=[identifier("c")], daemon=daemon)
    assert {key: owner for key, (owner, _path) in found.items()} == {
        identifier("a"): "",
        identifier("b"): "podman",
        identifier("d"): "containerd (k8s.io)",
        identifier("e"): "",
        identifier("f"): "podman",
        "mallory": "",
    }
    assert found[identifier("a")][1] == "/proc/900/cgroup"
    # The engine answers to names and to beginnings of ids; it is asked about nothing but whole ids.
    assert identifier("c") in asked and "mallory" not in asked


def test_a_runtimes_container_with_any_name_is_no_crash(host):
    for name in (b"a b", b"new\nline", b"\xff\xfe", b"%2e%2e", b"x" * 255):
        os.makedirs(os.path.join(os.fsencode(host.root), b"run/runc", name))  # noqa: PTH103, PTH118 (bytes)
    assert len(strays(host)[0]) == 5


@pytest.mark.parametrize("root", ["/a\0b", "\ud800", "/" + "x" * 70000])
def test_a_place_of_the_engines_state_that_cannot_be_read_is_an_error_unless_there_is_a_fault(host, root):
    daemon = {"command": {"value": {"exec-root": root}}}
    assert read_strays(host.kernel, daemon, {}, lambda _key: True).error.split()[0] in ("EINVAL", "ENAMETOOLONG")
    (host.root / "run/runc/mallory").mkdir(parents=True)
    assert list(strays(host, daemon=daemon)[0]) == ["mallory"]


def test_the_default_bridge_is_one_of_the_networks_or_missing():
    found = engine_host.bridge_among([None, {"Name": "other"}, {"Name": "bridge", "Options": {"a": "b"}}])
    assert found.value == {"exists": True, "options": {"a": "b"}}
    assert engine_host.bridge_among([{"Name": "bridge", "Options": None}]).value == {"exists": True, "options": {}}
    assert engine_host.bridge_among([]).value == {"exists": False, "options": {}}


def test_published_ports_are_numbers_of_the_host():
    ports = {"80/tcp": [{"HostPort": "8080"}, {"HostPort": "²"}, {}, None], "81/tcp": None, "82/tcp": "x"}
    records = [{"NetworkSettings": {"Ports": ports}}, {"NetworkSettings": None}, {}]
    assert engine_host.published_ports(records) == [8080]


def test_proxies_are_those_whose_parent_is_this_engine(host):
    for pid, parent in ((910, PID), (911, PID), (912, 1)):
        host.process(pid)
        host.write(f"/proc/{pid}/comm", "docker-proxy\n")
        host.write(f"/proc/{pid}/stat", stat(pid, 1).replace(" S 0 ", f" S {parent} "))
    processes = scan(host.kernel)
    assert engine_host.read_proxies(host.kernel, PID, processes).value == 2
    assert engine_host.read_proxies(host.kernel, None, processes).error.startswith("ESRCH")


def test_a_container_that_was_made_meanwhile_is_known_and_an_engine_that_fails_is_an_error():
    class Failing(FakeEngine):
        def inspect_container(self, key):
            raise EngineError("Cannot inspect", status=500)

    assert engine_host.inspects(FakeEngine({"Id": "x"}), "x") and not engine_host.inspects(FakeEngine(), "x")
    with pytest.raises(EngineError):
        engine_host.inspects(Failing(), "x")
