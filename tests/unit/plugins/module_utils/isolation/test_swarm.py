# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A swarm's secrets, keys and addresses: what is read of them, and what is said."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.certificate import validity
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.swarm_facts import (
    address_of,
    read_swarm_facts,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import certificates, facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    changed,
    find,
    judged,
    put,
    red,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeEngine, FakeKernel

SECRETS, KEY, AUTHORITY, PATH = "swarm-secrets", "swarm-unlock-key", "swarm-ca", "swarm-data-path"
MANAGER = {"state": "active", "manager": True, "managers": 1, "autolock": True, "certificate_expiry": 10**15}
SERVICE = {"name": "web", "variables": [], "secrets": 1}
GOOD = {
    "swarm_services": [SERVICE],
    "swarm_ca": {"age_days": 10, "left_days": 7000, "rotating": False},
    "swarm_addresses": {"control": "10.0.0.1", "data": "10.1.0.1"},
}


def after(swarm=None, **parts):
    def change(document, _ada):
        daemon = document["host"]["daemon"]
        put(daemon, "swarm.value", swarm or MANAGER)
        for name, value in {**GOOD, **parts}.items():
            put(daemon, name, facts.unread("/x") if value is None else facts.fact(value, "/x"))

    return judged(changed(change))


STATES = [
    ({}, {}),
    ({"swarm_services": [{**SERVICE, "variables": [{"name": "TOKEN", "pattern": "x"}]}]}, {SECRETS: "fail"}),
    ({"swarm_services": []}, {}),
    ({"swarm_services": [{"name": "web"}]}, {SECRETS: "error"}),
    ({"swarm_services": None}, {SECRETS: "error"}),
    ({"swarm_ca": {"age_days": 10, "left_days": 89}}, {AUTHORITY: "fail"}),
    ({"swarm_ca": {"age_days": 366, "left_days": 7000}}, {AUTHORITY: "informational"}),
    ({"swarm_ca": {"age_days": 10}}, {AUTHORITY: "error"}),
    ({"swarm_ca": None}, {AUTHORITY: "error"}),
    ({"swarm_addresses": {"control": "10.0.0.1", "data": ""}}, {PATH: "fail"}),
    ({"swarm_addresses": {"control": "10.0.0.1", "data": "10.0.0.1"}}, {PATH: "fail"}),
    ({"swarm_addresses": {"control": "", "data": "10.0.0.1"}}, {PATH: "error"}),
    ({"swarm_addresses": {"control": "10.0.0.1"}}, {PATH: "error"}),
    ({"swarm_addresses": None}, {PATH: "error"}),
    ({"swarm": {**MANAGER, "managers": 2}}, {"swarm-managers": "fail"}),
    ({"swarm": {**MANAGER, "certificate_expiry": 10**17}}, {"swarm-certificates": "fail"}),
    ({"swarm": {**MANAGER, "autolock": False}}, {KEY: "notapplicable", "swarm-autolock": "fail"}),
    ({"swarm": {**MANAGER, "manager": False}}, dict.fromkeys((SECRETS, KEY, AUTHORITY), "notapplicable")),
    ({"swarm": {"state": "inactive"}}, dict.fromkeys((SECRETS, KEY, AUTHORITY, PATH), "notapplicable")),
]


@pytest.mark.parametrize(("parts", "wanted"), STATES, ids=str)
def test_what_is_said_of_a_swarm(parts, wanted):
    result = after(**parts)
    wanted = {SECRETS: "pass", KEY: "notchecked", AUTHORITY: "pass", PATH: "pass", **wanted}
    assert {check: find(result, check, facts.HOST)["status"] for check in wanted} == wanted
    bad = {check for check, status in wanted.items() if status in ("fail", "error")}
    assert {check for _subject, check in red(result)} - {"swarm-off"} == bad


class SwarmEngine(FakeEngine):
    def __init__(self, answer):
        super().__init__()
        self.answer = answer

    def services(self):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


INFO = {
    "DockerRootDir": "/data",
    "Swarm": {
        "LocalNodeState": "active",
        "ControlAvailable": True,
        "Cluster": {"TLSInfo": {"TrustRoot": certificates.authority(3, 200)}, "RootRotationInProgress": True},
    },
}
SPEC = {
    "Name": "web\x1b[2J",
    "TaskTemplate": {"ContainerSpec": {"Env": ["DB_PASSWORD=hunter2", "TZ=UTC"], "Secrets": [{"SecretID": "x"}]}},
}


def read(
    tmp_path, answer=({"Spec": SPEC},), state='{"AdvertiseAddr": "10.0.0.1:2377", "joinToken": "SWMTKN"}', **swarm
):
    fake = FakeKernel(tmp_path)
    fake.write("/data/swarm/docker-state.json", state)
    return read_swarm_facts(SwarmEngine(answer), fake.kernel, {**INFO, "Swarm": {**INFO["Swarm"], **swarm}})


def test_what_is_read_of_a_swarm_holds_no_secret(tmp_path):
    found = read(tmp_path)
    assert found["swarm_services"]["value"] == [
        {"name": "web\\x1b[2J", "variables": [{"name": "DB_PASSWORD", "pattern": "named like a secret"}], "secrets": 1}
    ]
    assert found["swarm_ca"]["value"] == {"age_days": 3, "left_days": 200, "rotating": True}
    assert found["swarm_addresses"]["value"] == {"control": "10.0.0.1", "data": ""}
    assert "hunter2" not in json.dumps(found) and "SWMTKN" not in json.dumps(found)


def test_what_cannot_be_read_of_a_swarm_is_an_error(tmp_path):
    found = read(tmp_path, EngineError("no leader"), "{", Cluster={})
    assert all(one["value"] is None and one["error"] for one in found.values())
    for state in ({"ControlAvailable": False}, {"LocalNodeState": "inactive", "ControlAvailable": False}):
        found = read(tmp_path, EngineError("must not be asked"), **state)
        assert found["swarm_services"]["error"].startswith("ENODATA not read")


@pytest.mark.parametrize(
    ("text", "address"),
    [("10.0.0.1:2377", "10.0.0.1"), ("[fd00::1]:2377", "fd00::1"), ("fd00::1", "fd00::1"), ("eth0", "eth0"), ("", "")],
)
def test_an_address_without_its_port(text, address):
    assert address_of(text) == address


@pytest.mark.parametrize("version", [True, False])
@pytest.mark.parametrize("padding", [0, 200, 70000])
def test_the_times_of_a_certificate(version, padding):
    begins, ends = datetime(2026, 1, 2, tzinfo=timezone.utc), datetime(2056, 3, 4, 5, 6, 7, tzinfo=timezone.utc)
    late = certificates.element(certificates.GENERAL_TIME, ends.strftime("%Y%m%d%H%M%SZ").encode())
    text = "x\n" + certificates.pem(certificates.utc(begins), late, version=version, padding=padding)
    assert validity(text) == (begins, ends)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----\nMIL/\n-----END CERTIFICATE-----",
        certificates.pem(),
        certificates.pem(certificates.utc(datetime.now(timezone.utc))),
        certificates.pem(*[certificates.element(2, b"1")] * 2),
        certificates.pem(*[certificates.element(certificates.UTC_TIME, b"soon")] * 2),
    ],
    ids=range(8),
)
def test_a_certificate_that_is_none_is_refused(text):
    with pytest.raises(ValueError):
        validity(text)
