# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""host_state_info: what the running kernel has, over a recorded tree."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.host_state import HostStateError
from ansible_collections.bulkhead.classroom.plugins.modules import host_state_info
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeKernel

RULE = "-a always,exit -F path=/usr/bin/runc -F perm=wa -F key=docker\n"


class FakeModule:
    """Debian's dpkg-query knows chrony alone."""

    def selinux_enabled(self):
        return False

    def get_bin_path(self, name):
        return f"/usr/bin/{name}"

    def run_command(self, _command):
        return 1, "chrony install ok installed\n", ""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    found = FakeKernel(tmp_path)
    found.write("/proc/sys/kernel/kptr_restrict", "0\n")
    found.write("/proc/sys/kernel/dmesg_restrict", "1\n")
    found.write("/etc/audit/audit.rules", RULE)
    monkeypatch.setattr(host_state_info.audit, "ask", lambda _kernel: found.loaded)
    found.loaded = Fact("netlink", [["/usr/bin/runc", False, 10]])
    return found


def run(fake, **params):
    defaults = {name: option["default"] for name, option in host_state_info.ARGUMENT_SPEC.items()}
    return host_state_info.run({**defaults, **params}, FakeModule(), fake.kernel)


def test_settings_that_differ_and_settings_that_there_are_not(fake):
    wanted = {"kernel.kptr_restrict": 2, "kernel.dmesg_restrict": 1, "kernel.no_such": 1}
    found = run(fake, sysctls=wanted)
    assert found["drifted_sysctls"] == {"kernel.kptr_restrict": {"wanted": "2", "running": "0"}}
    assert found["missing_sysctls"] == ["kernel.no_such"]
    assert found["changed"] is False


def test_a_setting_that_cannot_be_read_is_no_good_setting(fake, tmp_path):
    (tmp_path / "proc/sys/kernel/folder").mkdir()
    with pytest.raises(HostStateError, match="/proc/sys/kernel/folder could not be read: EISDIR"):
        run(fake, sysctls={"kernel.folder": 1})


def test_audit_rules_are_asked_of_the_kernel(fake):
    assert run(fake, audit_rules=RULE)["audit_rules_current"] is True
    fake.loaded = Fact("netlink", [])
    assert run(fake, audit_rules=RULE)["audit_rules_current"] is False
    assert run(fake)["audit_rules_current"] is True
    fake.loaded = Fact("netlink", error="EPERM not allowed")
    with pytest.raises(HostStateError, match="did not tell its audit rules"):
        run(fake, audit_rules=RULE)


def test_a_package_that_must_not_be_there(fake):
    found = run(fake, packages=["curl"], unwanted_packages=["chrony", "ntpsec"])
    assert (found["missing_packages"], found["present_unwanted_packages"]) == (["curl"], ["chrony"])
