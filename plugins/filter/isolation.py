# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The verdict, its table and its exchange formats, as filters: pure functions of what isolation_info returned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.policy.values import PolicyError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.exchange import ExchangeError
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.junit import junit
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.oscal import oscal
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.report import report_lines
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.sarif import LOCATION, sarif
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.xccdf import xccdf
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict


def isolation_verdict(
    documents: Mapping[str, Any],
    policy: Mapping[str, Any] | None = None,
    waivers: list[Mapping[str, Any]] | None = None,
    generated: str = "",
    probes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    try:
        return verdict(documents, policy, waivers, str(generated), probes)
    except PolicyError as error:
        raise AnsibleFilterError(f"isolation_verdict: {error}") from error


def isolation_report_lines(judged: Mapping[str, Any]) -> list[str]:
    return report_lines(judged)


def isolation_junit(judged: Mapping[str, Any]) -> str:
    return junit(judged)


def isolation_sarif(judged: Mapping[str, Any], location: str = LOCATION, everything: bool = False) -> str:
    return sarif(judged, location, everything)


def isolation_oscal(judged: Mapping[str, Any], plan: str = "", report: str = "") -> str:
    try:
        return oscal(judged, plan, report)
    except ExchangeError as error:
        raise AnsibleFilterError(f"isolation_oscal: {error}") from error


def isolation_xccdf(judged: Mapping[str, Any]) -> str:
    try:
        return xccdf(judged)
    except ExchangeError as error:
        raise AnsibleFilterError(f"isolation_xccdf: {error}") from error


class FilterModule:
    def filters(self) -> dict[str, Callable[..., Any]]:
        return {
            "isolation_verdict": isolation_verdict,
            "isolation_report_lines": isolation_report_lines,
            "isolation_junit": isolation_junit,
            "isolation_sarif": isolation_sarif,
            "isolation_oscal": isolation_oscal,
            "isolation_xccdf": isolation_xccdf,
        }
