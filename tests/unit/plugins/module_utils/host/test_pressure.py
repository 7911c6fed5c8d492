"""Early warning from pressure stall information."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.pressure import PressureError, pressure_warnings

LIMITS = {"cpu": 60, "memory": 10, "io": 40}
SLICE = "/sys/fs/cgroup/bulkhead.slice"


def line(path, share):
    return f"{path}:some avg10=99.00 avg60={share:.2f} avg300=99.00 total=123456"


def host(cpu=0.0, memory=0.0, io=0.0):
    return [line(f"/proc/pressure/{name}", share) for name, share in (("cpu", cpu), ("memory", memory), ("io", io))]


def test_a_host_at_rest_says_nothing():
    assert pressure_warnings([*host(60, 10, 40), line(f"{SLICE}/io.pressure", 3)], LIMITS) == []


def test_what_is_above_its_limit_is_named_the_worst_first():
    lines = [
        *host(memory=12.34),
        line(f"{SLICE}/cpu.pressure", 61),
        line(f"{SLICE}/bulkhead-ada.slice/memory.pressure", 93),
        line(f"{SLICE}/bulkhead-grace.slice/io.pressure", 40),
    ]
    assert pressure_warnings(lines, LIMITS) == [
        "pressure: bulkhead-ada.slice waited for memory during 93 % of the last minute (more than 10 %)",
        "pressure: bulkhead.slice waited for a processor during 61 % of the last minute (more than 60 %)",
        "pressure: this host waited for memory during 12 % of the last minute (more than 10 %)",
    ]


def test_what_could_not_be_read_is_no_host_at_rest():
    said = pressure_warnings(["not a line of grep", *host()[:1]], LIMITS)
    assert [sentence.split(":")[0] for sentence in said] == ["pressure on memory", "pressure on a disk"]


@pytest.mark.parametrize("limits", [{}, {"cpu": 60, "memory": 10}, {**LIMITS, "disk": 1}])
def test_limits_of_something_else_are_refused(limits):
    with pytest.raises(PressureError, match="percentages of cpu, memory, io"):
        pressure_warnings(host(), limits)
