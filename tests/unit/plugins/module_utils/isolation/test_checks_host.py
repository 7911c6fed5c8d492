# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One weakening of the engine or its host each: exactly its check turns red. Missing evidence is an error."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks import daemon, host, registry
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_versions import (
    CONTAINERD,
    ENGINE,
    RUNC,
    parse,
    repaired,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.host_files import mode_objection
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_host
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    changed,
    find,
    judged,
    policy,
    put,
    red,
)

TCP = {"kind": "tcp", "address": "127.0.0.1", "port": 2375}
UNREAD = facts.unread("/somewhere")
INFO, FILE, LISTENERS = "daemon.info.value", "daemon.file.value", "daemon.listeners.value"
SWARM = {"state": "active", "manager": True, "managers": 3, "autolock": True, "certificate_expiry": 7776 * 10**12}

WEAKENED = [
    (f"{INFO}.Debug", True, {"daemon-debug"}),
    (f"{INFO}.LiveRestoreEnabled", False, {"daemon-live-restore", "daemon-file-in-force"}),
    (f"{INFO}.ExperimentalBuild", True, {"daemon-experimental"}),
    (f"{INFO}.Driver", "aufs", {"daemon-storage-driver"}),
    (f"{INFO}.Authorization", [], {"daemon-authorization"}),
    (f"{INFO}.LoggingDriver", "local", {"daemon-log-central", "daemon-file-in-force"}),
    (f"{INFO}.LoggingDriver", "json-file", {"daemon-log-central", "daemon-log-rotation", "daemon-file-in-force"}),
    (f"{INFO}.SecurityOptions", ["name=selinux", "name=userns"], {"daemon-seccomp"}),
    (f"{INFO}.SecurityOptions", ["name=seccomp,profile=builtin", "name=selinux"],
     {"daemon-userns", "daemon-file-in-force"}),
    (f"{INFO}.InsecureCIDRs", ["127.0.0.0/8", "10.0.0.0/8"], {"registry-insecure"}),
    (f"{INFO}.InsecureIndexes", ["registry.test:5000"], {"registry-insecure"}),
    (f"{INFO}.Mirrors", ["http://mirror.test/"], {"registry-mirrors"}),
    (f"{FILE}.userland-proxy", True, {"daemon-userland-proxy"}),
    ("daemon.proxies.value", 2, {"daemon-userland-proxy"}),
    (f"{FILE}.no-new-privileges", False, {"daemon-no-new-privileges"}),
    (f"{FILE}.default-ulimits", {}, {"daemon-ulimits"}),
    (f"{FILE}.log-level", "debug", {"daemon-log-level"}),
    (f"{FILE}.iptables", False, {"daemon-iptables"}),
    (f"{FILE}.cgroup-parent", "/", {"daemon-cgroup-parent"}),
    ("daemon.bridge.value.options", {facts_host.ICC: "true"}, {"daemon-icc"}),
    ("daemon.data_root.value.device", "254:1", {"daemon-data-partition"}),
    ("daemon.file", facts.unread("/etc/docker/daemon.json", "EINVAL broken"), None),
    (LISTENERS, [TCP], {"daemon-tls"}),
    (LISTENERS, [{**TCP, "address": "::"}], {"daemon-tls", "daemon-address"}),
    (LISTENERS, [{**TCP, "address": "0.0.0.0", "port": 8080}], set()),
    ("groups.value.docker", ["mallory"], {"daemon-users"}),
    ("engine.components.runc", "1.1.11", {"runc-version"}),
    ("engine.components.runc", "1.1.5+ds1", set()),
    ("engine.components.containerd", "1.7.28", {"containerd-version"}),
    ("engine.components.Engine", "27.1.0", {"engine-version"}),
    ("audit.loaded.value", [], {f"audit-{row}" for row in facts_host.AUDITED}),
    ("strays.value", [{"id": "a" * 64, "owner": "", "path": "/proc/9/cgroup"}], {"containers-known"}),
    ("strays.value", [{"id": "a" * 64, "owner": "podman", "path": "/proc/9/cgroup"}], set()),
    ("registries.containers_conf.value", ["registry.test"], {"registry-podman-tls"}),
    ("registries.signature_policy.value", ["insecureAcceptAnything"], {"registry-signatures"}),
    ("registries.logins.0.value.registries", ["registry.test"], {"registry-passwords"}),
    ("settings.ptrace_scope.value", "0", {"kernel-ptrace-scope"}),
    ("settings.ptrace_scope", facts.unread("/x", "ENOENT gone"), {"kernel-ptrace-scope"}),
    ("settings.unprivileged_bpf_disabled.value", "0", {"kernel-unprivileged-bpf-disabled"}),
    ("settings.suid_dumpable.value", "1", {"kernel-suid-dumpable"}),
    ("settings.sysrq.value", "1", {"kernel-sysrq"}),
    ("settings.ksm.value", "1", {"kernel-ksm"}),
    ("settings.modules_disabled.value", "0", set()),
    ("settings.core_pattern.value", "|/usr/lib/systemd/systemd-coredump %P", set()),
    ("settings.core_pattern.value", "|/var/lib/docker/overlay2/x/evil", {"kernel-core-pattern"}),
    ("settings.vulnerabilities.value.meltdown", "Vulnerable: no microcode", {"kernel-vulnerabilities"}),
    ("settings.interfaces.value.eth0.route_localnet", "1", {"kernel-route-localnet"}),
    ("settings.interfaces.value.eth0.accept_redirects", "1", {"kernel-accept-redirects"}),
]  # fmt: skip


def judge(path, value, wanted=None):
    return judged(changed(lambda document, _ada: put(document["host"], path, value)), wanted)


@pytest.mark.parametrize(("path", "value", "checks"), WEAKENED, ids=lambda value: str(value)[:60])
def test_a_weakening_turns_exactly_its_checks_red(path, value, checks):
    found = red(judge(path, value))
    if checks is None:
        assert found[facts.HOST, "daemon-file-valid"] == "fail"
        assert all(status == "error" for key, status in found.items() if key[1] != "daemon-file-valid")
    else:
        assert found == {(facts.HOST, check): "fail" for check in checks}


def test_a_file_that_was_changed_later_proves_nothing():
    found = red(judge("daemon.file_age.value", 60.0))
    assert found.pop((facts.HOST, "daemon-file-in-force")) == "fail"
    assert {"daemon-userland-proxy", "daemon-no-new-privileges"} <= {check for _host, check in found}
    assert set(found.values()) == {"error"}


@pytest.mark.parametrize(
    "mode, allowed, bad",
    [
        ("0644", 0o644, False),
        ("0600", 0o644, False),
        # Smaller numbers than 644, and yet open to everybody.
        ("0606", 0o644, True),
        ("0622", 0o644, True),
        ("0602", 0o644, True),
        ("0464", 0o644, True),
        ("0666", 0o660, True),
        ("0440", 0o444, False),
        ("0404", 0o400, True),
    ],
)
def test_a_mode_is_its_bits_and_no_number(mode, allowed, bad):
    assert bool(mode_objection(mode, allowed)) is bad


@pytest.mark.parametrize("row", facts_host.ROWS)
def test_owner_and_mode_of_each_file(row):
    for key, value, check in (
        ("mode", "0606", f"{row}-mode"),
        ("owner", "mallory", f"{row}-owner"),
        ("group", "users", f"{row}-owner"),
    ):
        expected = {(facts.HOST, check): "fail"}
        assert red(judge(f"files.{row}.value.0.value.{key}", value)) == expected
    assert red(judge(f"files.{row}.value", [])) == {}


OWN = ("group_numbers", "subordinate_ids")
# Of containers, which are measured with the host's defaults and numbers.
RESTING = {"process-rlimits", "process-groups"}
CONCEPT = {check.id for module in (daemon, host, registry) for check in module.CHECKS}


@pytest.mark.parametrize("part", ["daemon", "files", "groups", "audit", "settings", "strays", "registries", *OWN])
def test_a_part_that_is_missing_passes_nothing_that_rests_on_it(part):
    result = judged(changed(lambda document, _ada: document["host"].pop(part)))
    found = red(result)
    assert found and set(found.values()) == {"error"}
    assert {check for _subject, check in found} <= CONCEPT | RESTING


# What is read of a swarm alone has its tests in test_swarm.py.
@pytest.mark.parametrize("key", [key for key in facts_host.engine_host()["daemon"] if key not in facts_host.SWARM])
def test_one_unread_fact_of_the_engine_is_an_error(key):
    found = red(judge(f"daemon.{key}", UNREAD))
    assert found and set(found.values()) == {"error"}


def test_the_kernel_that_was_not_asked_is_told_apart_from_one_without_auditing():
    unasked = judge("audit.loaded", facts.unread("netlink", "EPERM Operation not permitted"))
    assert find(unasked, "audit-runc", facts.HOST)["status"] == "informational" and red(unasked) == {}
    without = judge("audit.loaded", facts.unread("netlink", "EPROTONOSUPPORT Protocol not supported"))
    assert len(red(without)) == len(facts_host.AUDITED)


def test_users_that_the_policy_names_may_open_the_socket():
    assert red(judge("groups.value.docker", ["teacher"], policy(engine_users=["teacher"]))) == {}


@pytest.mark.parametrize(
    "program, text, good",
    [
        (RUNC, "1.1.12", False),
        (RUNC, "1.2.8", True),
        (RUNC, "1.4.0-rc.2", False),
        (RUNC, "1.4.1", True),
        (CONTAINERD, "v1.7.29", True),
        (CONTAINERD, "2.0.6", False),
        (CONTAINERD, "2.3.0", True),
        (ENGINE, "26.1.5", True),
        (ENGINE, "24.0.9", False),
        (ENGINE, "28.0.0", True),
    ],
)
def test_versions_are_compared_with_the_repair_of_their_branch(program, text, good):
    assert all(repaired(parse(text), flaw, program.branch) for flaw in program.flaws) is good
