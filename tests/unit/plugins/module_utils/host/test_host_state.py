"""What a host lacks, decided from recorded output."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.host_state import (
    HostStateError,
    default_route_interfaces,
    missing_packages,
    missing_tables,
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


def test_tables_are_told_apart_by_family_and_name():
    listing = "table ip nat\ntable inet bulkhead\ntable ip6 filter\n"
    assert missing_tables(["inet bulkhead", "ip bulkhead", "inet filter"], listing) == ["ip bulkhead", "inet filter"]
    assert missing_tables(["inet bulkhead"], "") == ["inet bulkhead"]


def test_only_a_route_to_everywhere_is_a_way_out():
    table = """Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth1	00000000	0196A8C0	0003	0	0	0	00000000	0	0	0
docker0	000014AC	00000000	0001	0	0	0	F0FFFFFF	0	0	0
half	00000000	00000000	0001	0	0	0	00000080	0	0	0
br-lan	00000000	0196A8C0	0003	0	0	9	00000000	0	0	0
eth1	00000000	0196A8C0	0003	0	0	5	00000000	0	0	0
"""
    assert default_route_interfaces(table) == ["br-lan", "eth1"]
    assert default_route_interfaces("") == []
