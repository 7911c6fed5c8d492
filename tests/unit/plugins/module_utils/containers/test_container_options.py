# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports, health checks, devices, sets and times: what is understood, what is refused, to the engine and back."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils import units
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers import devices, healthcheck, ports
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.mounts import all_mounts
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("80", ["80/tcp"]),
        ("0:80", ["80/tcp"]),
        ("8080:80", ["8080:80/tcp"]),
        ("8080:80/udp", ["8080:80/udp"]),
        ("127.0.0.1:8080:80", ["127.0.0.1:8080:80/tcp"]),
        ("127.0.0.1::80", ["127.0.0.1:0:80/tcp"]),
        ("[::1]:8080:80", ["[::1]:8080:80/tcp"]),
        ("8000-8001:80-81", ["8000:80/tcp", "8001:81/tcp"]),
        ("80-81", ["80/tcp", "81/tcp"]),
        ("8000-8005:80", ["8000-8005:80/tcp"]),
    ],
)
def test_ports(text, expected):
    found = ports.ports_from_params([text])
    assert sorted(map(str, found)) == expected
    assert ports.ports_from_inspect(ports.ports_to_api(found)) == found


@pytest.mark.parametrize(
    "text",
    ["", "http", "0", "65536:80", "80:0", "81-80", "8000-8002:80-81", "1.2.3:80:80", "999.1.1.1:1:1", "80/icmp", "-"],
)
def test_ports_that_are_none(text):
    with pytest.raises(SpecError, match="^ports: "):
        ports.ports_from_params([text])


def test_the_same_port_twice_is_refused():
    with pytest.raises(SpecError, match="listed twice"):
        ports.ports_from_params(["80:80", "80:80/tcp"])


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("80:80", "80:81", True),
        ("127.0.0.1:80:80", "0.0.0.0:80:80", True),
        ("127.0.0.1:80:80", "127.0.0.2:80:80", False),
        ("80:80", "80:80/udp", False),
        ("80", "80", False),
        ("80-90:80", "80-90:80", False),
    ],
)
def test_ports_of_two_containers(first, second, clash):
    fleet = [("ada", ports.ports_from_params([first])), ("grace", ports.ports_from_params([second]))]
    found = ports.clashes(fleet)
    assert bool(found) is clash and all("of grace is taken by ada" in text for text in found)


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        (["CMD", "true", "1"], ("CMD", "true", "1")),
        (["CMD-SHELL", "a || b"], ("CMD-SHELL", "a || b")),
        (["curl -f localhost"], ("CMD-SHELL", "curl -f localhost")),
        (["NONE"], ("NONE",)),
    ],
)
def test_health_checks(test, expected):
    check = healthcheck.healthcheck_from_params({"test": test, "interval": "1m30s", "retries": 2, "timeout": None})
    assert check == healthcheck.Healthcheck(expected, interval=90 * SECOND, retries=2)
    assert healthcheck.healthcheck_from_inspect(healthcheck.healthcheck_to_api(check)) == check
    assert healthcheck.healthcheck_from_params({}) is healthcheck.healthcheck_from_inspect({}) is None


@pytest.mark.parametrize("wrong", [{"test": []}, {"test": ["CMD"]}, {"test": ["NONE", "x"]}, {"test": ["a", "b"]}])
def test_health_checks_that_are_none(wrong):
    with pytest.raises(SpecError, match="healthcheck: test is one line"):
        healthcheck.healthcheck_from_params(wrong)


def test_an_image_fills_in_a_health_check():
    image = healthcheck.Healthcheck(("CMD", "x"), interval=5, retries=7)
    own = healthcheck.Healthcheck(timeout=3, retries=2)
    assert healthcheck.merged(own, image) == healthcheck.Healthcheck(("CMD", "x"), 5, 3, retries=2)
    assert healthcheck.merged(own, None) == own and healthcheck.merged(None, image) == image


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("1h2m3s", 3723), ("500ms", 0.5), ("2.5s", 2.5), (5, 5), ("0", 0), ("1.5", 1.5)]
)
def test_times(text, seconds):
    assert units.parse_duration(text, "x") == seconds * SECOND


@pytest.mark.parametrize("text", ["", "s", "soon", "1x", "-1s", "1s2m", "0.0001s"])
def test_times_that_are_none(text):
    with pytest.raises(SpecError, match="^x: "):
        units.parse_duration(text, "x")


@pytest.mark.parametrize(("text", "one"), [("0", "0"), ("0,1,2,5", "0-2,5"), ("2,0-1", "0-2"), (3, "3"), ("1-1", "1")])
def test_sets(text, one):
    assert units.parse_set(text, "cpuset_cpus") == one


@pytest.mark.parametrize("text", ["", "a", "2-1", "0-", ",", "0-999999"])
def test_sets_that_are_none(text):
    with pytest.raises(SpecError, match="^cpuset_cpus: "):
        units.parse_set(text, "cpuset_cpus")


@pytest.mark.parametrize(
    ("text", "one"), [("int", "SIGINT"), ("SIGRTMIN+3", "SIGRTMIN+3"), (9, "9"), ("Term", "SIGTERM")]
)
def test_signals(text, one):
    assert units.parse_signal(text) == units.signal_name(text) == one


def test_signals_that_are_none():
    for text in ("", "0", "100", "SIG"):
        with pytest.raises(SpecError, match="^stop_signal: "):
            units.parse_signal(text)
    assert units.signal_name("???") == "???" and units.signal_name(None) == "SIGTERM"


@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("/dev/fuse", "/dev/fuse:/dev/fuse:rwm"),
        ("/dev/sda:/dev/b", "/dev/sda:/dev/b:rwm"),
        ("/dev/sda:/dev/b:mr", "/dev/sda:/dev/b:rm"),
        ("/dev/sda:r", "/dev/sda:/dev/sda:r"),
    ],
)
def test_devices(text, one):
    assert devices.devices_from_params([text]) == (one,)
    assert devices.devices_from_inspect(devices.devices_to_api([one])) == (one,)


@pytest.mark.parametrize("text", ["", "sda", "/dev/a:b", "/dev/a:/dev/b:x", "/a:/b:r:w"])
def test_devices_that_are_none(text):
    with pytest.raises(SpecError, match="^devices: "):
        devices.devices_from_params([text])


@pytest.mark.parametrize(
    ("option", "entries"),
    [
        ("device_read_bps", [{"path": "sda", "rate": "1m"}]),
        ("device_read_bps", [{"path": "/dev/sda", "rate": "quick"}]),
        ("device_write_iops", [{"path": "/dev/sda", "rate": "1m"}]),
        ("device_write_iops", [{"path": "/dev/sda", "rate": "0"}]),
        ("device_write_bps", [{"path": "/dev/sda", "rate": "1"}, {"path": "/dev/sda", "rate": "2"}]),
    ],
)
def test_rates_that_are_none(option, entries):
    with pytest.raises(SpecError, match=f"^{option}: "):
        devices.rates_from_params({option: entries})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/data", "volume on /data"),
        ("data:/srv", "volume data on /srv"),
        ("data:/srv:ro", "volume data on /srv, read-only"),
        ("/a/:/b:ro,Z", "bind /a on /b, read-only, selinux private"),
        ("/a:/b:rslave", "bind /a on /b, propagation rslave"),
    ],
)
def test_short_mounts(text, shown):
    assert [str(mount) for mount in all_mounts(None, [text])] == [shown]


@pytest.mark.parametrize("text", ["data", "./a:/b", "a:b", "a:/b:rx", "a:/b:Z", "/a:/b:nocopy", "a:/b:ro:rw"])
def test_short_mounts_that_are_none(text):
    with pytest.raises(SpecError, match="^volumes: "):
        all_mounts(None, [text])
