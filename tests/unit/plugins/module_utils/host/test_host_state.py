"""What a host lacks, decided from recorded output."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.host_state import (
    HostStateError,
    missing_packages,
    outdated_policy,
    parse_units,
)

LISTING = """docker.io install ok installed
nginx-light deinstall ok config-files
curl hold ok installed
skopeo install ok half-configured
"""
# systemd 257: `systemctl show --timestamp=unix`.
UNITS = """Id=docker.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled
ActiveEnterTimestamp=@1700000100
NeedDaemonReload=yes

Id=nginx.service
LoadState=loaded
ActiveState=inactive
UnitFileState=disabled
ActiveEnterTimestamp=
NeedDaemonReload=no

Id=gone.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
ActiveEnterTimestamp=
"""
NAMES = ["docker.service", "nginx.service", "gone.service"]


def test_only_installed_packages_count():
    wanted = ["docker.io", "nginx-light", "curl", "skopeo", "xfsprogs"]
    assert missing_packages(wanted, LISTING) == ["nginx-light", "skopeo", "xfsprogs"]


def test_units():
    docker, nginx, gone = parse_units(NAMES, UNITS)
    assert (docker.exists, docker.enabled, docker.active, docker.since) == (True, True, True, 1700000100)
    assert (nginx.exists, nginx.enabled, nginx.active, nginx.since) == (True, False, False, None)
    assert gone.exists is False
    assert (docker.needs_reload, nginx.needs_reload, gone.needs_reload) == (True, False, False)


@pytest.mark.parametrize(
    ("times", "stale"),
    [([], False), ([1700000099.0], False), ([1700000100.9], False), ([1.0, 1700000101.0], True)],
)
def test_a_file_newer_than_the_unit_makes_it_stale(times, stale):
    assert parse_units(NAMES, UNITS)[0].stale(times) is stale


def test_a_stopped_unit_is_not_stale():
    assert parse_units(NAMES, UNITS)[1].stale([9999999999.0]) is False


def test_an_incomplete_answer_is_no_answer():
    with pytest.raises(HostStateError, match="3 of 4"):
        parse_units([*NAMES, "more.service"], UNITS)


def test_policy_is_compared_by_its_text():
    wanted = {"same": "(a)\n", "changed": "(b)", "missing": "(c)"}
    assert outdated_policy(wanted, {"same": "(a)", "changed": "(x)", "other": "(y)"}) == ["changed", "missing"]
