# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check of a host over a tree of files, through the real readers: green on a good one, red after one change."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import catalogue
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.kernel_settings import FILES, whole
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts_host
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.certificates import authority
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_host import (
    CONF,
    CONFIGURED,
    CPU,
    DAEMON,
    LOGIN,
    MOUNTS,
    PID,
    REGISTRY,
    SOCKET,
    TCP,
    FakeHost,
)

# Nothing that only reads decides the first; the second is for information whatever is found.
NEVER_RED = {"daemon-tls-handshake", "containers-stopped", "registry-certificates", "daemon-rootless"}
NEVER_RED |= {f"kernel-{name}" for name in ("kexec-load-disabled", "modules-disabled", "max-user-namespaces", "smt")}
NEVER_RED |= {"kernel-ip-forward", "kernel-lockdown", "swarm-unlock-key"}
NEVER_RED |= {"image-unused", "image-content-trust", "containers-selected", "network-listeners-host"}
OF_HOSTS = {check.id for check in catalogue.ALL if check.decide_host}
NOT_PASSED = {check: status for check, status in facts_host.UNPROVED.items() if check in OF_HOSTS}
NOT_PASSED.update({"containers-stopped": "informational", "containers-selected": "notapplicable"})
# Row to a path of it, and the mode that is one bit too many.
MODES = {
    "engine-service": ("/lib/systemd/system/docker.service", 0o646),
    "engine-socket-unit": ("/lib/systemd/system/docker.socket", 0o664),
    "engine-folder": ("/etc/docker", 0o775),
    "registry-certificates": (f"/etc/docker/certs.d/{REGISTRY}/ca.crt", 0o644),
    "tls-ca": ("/etc/docker/ca.pem", 0o464),
    "tls-certificate": ("/etc/docker/cert.pem", 0o644),
    "tls-key": ("/etc/docker/key.pem", 0o440),
    "engine-socket": (SOCKET, 0o666),
    "engine-file": (DAEMON, 0o666),
    "engine-defaults": ("/etc/default/docker", 0o645),
    "engine-sysconfig": ("/etc/sysconfig/docker", 0o666),
    "containerd-socket": ("/run/containerd/containerd.sock", 0o662),
}
SETTINGS = {
    **{"ptrace_scope": "0", "unprivileged_bpf_disabled": "0", "kptr_restrict": "0", "dmesg_restrict": "0"},
    **{"perf_event_paranoid": "1", "sysrq": "1", "suid_dumpable": "1", "protected_hardlinks": "0"},
    **{"protected_symlinks": "0", "protected_fifos": "0", "protected_regular": "0", "ksm": "1"},
    "core_pattern": "|/var/lib/docker/overlay2/x/diff/evil %p",
}
OPEN = "0: {}:0943 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 101 1 0 100 0 0 10 0\n"
SWARM = {"LocalNodeState": "active", "ControlAvailable": True, "Managers": 3, "Cluster": {"Spec": {}}}
STATE = "/var/lib/docker/swarm/docker-state.json"
APART = {"AdvertiseAddr": "10.0.0.1:2377", "DataPathAddr": "10.1.0.1"}
SAFE = {"EncryptionConfig": {"AutoLockManagers": True}, "CAConfig": {"NodeCertExpiry": 7776 * 10**12}}


def option(**changes):
    return lambda host: host.configure({**CONFIGURED, **{key.replace("_", "-"): v for key, v in changes.items()}})


def info(**changes):
    return lambda host: host.info.update(changes)


def text(path, content):
    return lambda host: host.write(path, content)


def both(*steps):
    def change(host):
        for step in steps:
            step(host)

    return change


def setting(key, value):
    return text(whole(FILES[key]), value)


def mode(path, bits):
    return lambda host: (host.root / path[1:]).chmod(bits)


def owner(path, uid, gid):
    return lambda host: host.kernel.owners.update({path: (uid, gid)})


def unwatched(row):
    """The rule of one place is gone. One of a folder above would do as well, so none is there."""
    return lambda host: host.loaded.remove([host.places()[row], False, 10])


def listens(address):
    return both(
        text(f"/proc/{PID}/net/tcp", TCP + OPEN.format(address)),
        lambda host: (host.root / f"proc/{PID}/fd/4").symlink_to("socket:[101]"),
    )


def registries(**changes):
    return lambda host: host.info.update(RegistryConfig={**host.info["RegistryConfig"], **changes})


def swarm(spec, left=3650, addresses=None, **changes):
    cluster = {"Spec": {**SAFE, **spec}, "TLSInfo": {"TrustRoot": authority(10, left)}}
    whole_swarm = {**SWARM, "Cluster": cluster, **changes}
    return both(info(Swarm=whole_swarm), option(live_restore=True), text(STATE, json.dumps(addresses or APART)))


def filtered(old, new):
    return lambda host: setattr(host, "rules", host.rules.replace(old, new))


def service(*variables):
    spec = {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Env": list(variables)}}}
    return lambda host: host.services.append({"Spec": spec})


def security(*names):
    return info(SecurityOptions=[f"name={name}" for name in names])


BAD = [
    *((mode(path, bits), {f"{row}-mode"}) for row, (path, bits) in MODES.items()),
    *((owner(path, 1000, 0), {f"{row}-owner"}) for row, (path, _bits) in MODES.items()),
    *((owner(path, 0, 100), {f"{row}-owner"}) for row, (path, _bits) in MODES.items()),
    *((unwatched(row), {f"audit-{row}"}) for row in facts_host.AUDITED),
    *((setting(key, value), {f"kernel-{key.replace('_', '-')}"}) for key, value in SETTINGS.items()),
    (text(f"{CONF}/eth0/route_localnet", "1"), {"kernel-route-localnet"}),
    (both(*(text(f"{CONF}/{name}/rp_filter", "0") for name in ("all", "eth0"))), {"kernel-rp-filter"}),
    (text(f"{CONF}/eth0/accept_redirects", "1"), {"kernel-accept-redirects"}),
    (text(f"{CPU}/meltdown", "Vulnerable"), {"kernel-vulnerabilities"}),
    (text("/sys/fs/selinux/enforce", "0"), {"selinux-enforcing"}),
    (text("/sys/fs/selinux/booleans/container_manage_cgroup", "0 1"), {"selinux-booleans"}),
    (lambda host: (host.root / "sys/fs/selinux/enforce").unlink(),
     {"selinux-enforcing", "selinux-booleans", "lsm-active"}),
    (text("/etc/subuid", "ada:100000:65536\ndockremap:165535:65536\n"), {"subordinate-ids"}),
    (lambda host: host.process(900, f"/docker/{'b' * 64}"), {"containers-known"}),
    (text(f"/run/runc/{'c' * 64}/state.json", "{}"), {"containers-known"}),
    # A runtime's own container that is called like one of the engine's is none of the engine's.
    (text("/run/runc/workspace-a/state.json", "{}"), {"containers-known"}),
    (listens("0100007F"), {"daemon-tls"}),
    (listens("00000000"), {"daemon-tls", "daemon-address"}),
    (text("/etc/group", "root:x:0:\ndocker:x:999:mallory\nusers:x:100:\n"), {"daemon-users"}),
    (info(Plugins={}), {"daemon-authorization"}),
    (lambda host: host.bridge.update(Options={facts_host.ICC: "true"}), {"daemon-icc"}),
    (option(iptables=False), {"daemon-iptables"}),
    (lambda host: setattr(host, "rules", ""), {"daemon-iptables", "daemon-icc"}),
    (filtered("-A FORWARD -i docker0 -o docker0 -j DROP\n", "-A FORWARD -i docker0 -j ACCEPT\n"), {"daemon-icc"}),
    (text("/proc/sys/net/bridge/bridge-nf-call-iptables", "0"), {"daemon-icc"}),
    (both(setting("ip_forward", "1"), filtered(":FORWARD DROP", ":FORWARD ACCEPT")), {"daemon-forward-policy"}),
    (text(f"/proc/{PID}/cmdline", "dockerd\0--iptables=false\0"), {"daemon-iptables"}),
    (option(default_ulimits={}), {"daemon-ulimits"}),
    (security("seccomp,profile=builtin", "selinux"), {"daemon-userns", "daemon-file-in-force"}),
    (security("seccomp,profile=builtin", "userns"), {"daemon-labels", "daemon-file-in-force"}),
    (security("selinux", "userns"), {"daemon-seccomp"}),
    (option(cgroup_parent="/"), {"daemon-cgroup-parent"}),
    (option(no_new_privileges=False), {"daemon-no-new-privileges"}),
    (info(Driver="aufs"), {"daemon-storage-driver"}),
    (both(info(Driver="devicemapper"), option(storage_opts=["dm.basesize=50G"])),
     {"daemon-storage-driver", "daemon-base-size"}),
    (both(info(LiveRestoreEnabled=False), option(live_restore=False)), {"daemon-live-restore"}),
    (option(userland_proxy=True), {"daemon-userland-proxy"}),
    (info(ExperimentalBuild=True), {"daemon-experimental"}),
    (info(Debug=True), {"daemon-debug"}),
    (option(log_level="debug"), {"daemon-log-level"}),
    (both(info(LoggingDriver="json-file"), option(log_driver="json-file")),
     {"daemon-log-central", "daemon-log-rotation"}),
    (option(debug=True), {"daemon-file-in-force"}),
    (text(f"/proc/{PID}/mountinfo", MOUNTS.splitlines()[0]), {"daemon-data-partition"}),
    (swarm({}), {"swarm-off"}),
    (swarm({}, Managers=2), {"swarm-off", "swarm-managers"}),
    (swarm({"EncryptionConfig": {"AutoLockManagers": False}}), {"swarm-off", "swarm-autolock"}),
    (swarm({"CAConfig": {"NodeCertExpiry": 10**17}}), {"swarm-off", "swarm-certificates"}),
    (both(swarm({}), service("DB_PASSWORD=hunter2", "TZ=UTC")), {"swarm-off", "swarm-secrets"}),
    (swarm({}, left=89), {"swarm-off", "swarm-ca"}),
    (swarm({}, addresses={**APART, "DataPathAddr": ""}), {"swarm-off", "swarm-data-path"}),
    (swarm({}, addresses={**APART, "DataPathAddr": "10.0.0.1"}), {"swarm-off", "swarm-data-path"}),
    (both(swarm({}), listens("00000000"), lambda host: host.write(
        f"/proc/{PID}/net/tcp", TCP + OPEN.format("00000000").replace(":0943", ":0949"))),
     {"swarm-off", "swarm-address", "daemon-address"}),
    (lambda host: host.versions.update(runc="1.1.11"), {"runc-version"}),
    (lambda host: host.versions.update(containerd="1.7.20"), {"containerd-version"}),
    (lambda host: host.versions.update(Engine="26.1.0"), {"engine-version"}),
    (registries(InsecureRegistryCIDRs=["10.0.0.0/8"]), {"registry-insecure"}),
    (registries(IndexConfigs={"registry.test:5000": {"Secure": False}}), {"registry-insecure"}),
    (registries(Mirrors=["http://mirror.test"]), {"registry-mirrors"}),
    (text("/etc/containers/registries.conf", f'[[registry]]\nlocation = "{REGISTRY}"\ninsecure = true\n'),
     {"registry-podman-tls"}),
    (text("/etc/containers/registries.conf.d/x.conf", 'registry = [{location = "x", insecure = true}]\n'),
     {"registry-podman-tls"}),
    (text("/etc/containers/policy.json", '{"default": [{"type": "insecureAcceptAnything"}]}'),
     {"registry-signatures"}),
    (text(LOGIN, json.dumps({"auths": {REGISTRY: {"auth": "eDp5"}}})), {"registry-passwords"}),
]  # fmt: skip


def own(document):
    findings = verdict({"host": document}, {})["findings"]
    return {one["check"]: one["status"] for one in findings if one["subject"] == "host"}


def red(found):
    return {check for check, status in found.items() if status in ("fail", "error")}


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def test_a_good_host_passes_every_check_of_a_host(host, monkeypatch):
    found = own(host.gather(monkeypatch))
    assert {check: status for check, status in found.items() if status != "pass"} == NOT_PASSED
    assert set(found) == OF_HOSTS


@pytest.mark.parametrize(("change", "checks"), BAD, ids=["+".join(sorted(checks)) for _change, checks in BAD])
def test_one_bad_change_turns_exactly_its_checks_red(host, monkeypatch, change, checks):
    change(host)
    found = own(host.gather(monkeypatch))
    assert {check: found[check] for check in red(found)} == dict.fromkeys(checks, "fail")


def test_each_check_of_a_host_that_can_be_red_is_in_the_table():
    shown = set().union(*(checks for _change, checks in BAD)) | {"daemon-file-valid", "facts-available"}
    assert OF_HOSTS - shown == NEVER_RED


def test_a_broken_file_is_red_and_what_rests_on_it_an_error(host, monkeypatch):
    host.configure('{"icc": false,}')
    found = own(host.gather(monkeypatch))
    assert found.pop("daemon-file-valid") == "fail"
    assert {found[check] for check in red(found)} == {"error"} and "daemon-userland-proxy" in red(found)
