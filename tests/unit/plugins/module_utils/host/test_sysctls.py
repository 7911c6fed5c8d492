# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel settings: their names, their values, and which differ."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.host_state import HostStateError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.sysctls import drifted, path_of, value_of


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("kernel.yama.ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope"),
        ("net.ipv4.conf.all.rp_filter", "/proc/sys/net/ipv4/conf/all/rp_filter"),
        ("net.ipv4.conf.eth0/7.rp_filter", "/proc/sys/net/ipv4/conf/eth0.7/rp_filter"),
        ("net/ipv4/conf/eth0.7/rp_filter", "/proc/sys/net/ipv4/conf/eth0.7/rp_filter"),
    ],
)
def test_a_name_is_a_path(name, path):
    assert path_of(name) == path


@pytest.mark.parametrize("name", ["", "/kernel/x", "kernel/../../etc/passwd", "kernel//x", "kernel x", ".x", "a\n"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(HostStateError, match="no name of a kernel setting"):
        path_of(name)


@pytest.mark.parametrize("value", [True, None, "", "  ", ["1"], 1.5])
def test_what_is_no_value_is_refused(value):
    with pytest.raises(HostStateError, match="kernel.x"):
        value_of("kernel.x", value)


def test_blanks_do_not_count_and_what_the_kernel_lacks_does_not_differ():
    wanted = {"a": 1, "b": "1 2", "c": "0", "d": 2}
    assert drifted(wanted, {"a": "1", "b": "1\t2", "c": "0"}) == {}
    assert drifted(wanted, {"a": "0", "b": "1 2 3"}) == {
        "a": {"wanted": "1", "running": "0"},
        "b": {"wanted": "1 2", "running": "1 2 3"},
    }
