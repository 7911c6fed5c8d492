# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a verdict is written to, each a text of the verdict and of what earlier runs found. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import remembered
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.junit import junit
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.oscal import oscal
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.page import Page, rendered
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.sarif import LOCATION, sarif
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.xccdf import xccdf

Render = Callable[[Mapping[str, Any], Any, Page], str]

# By the name of the option that asks for it.
OUTPUTS: Mapping[str, Render] = {
    "json": lambda verdict, _history, _page: json.dumps(verdict, indent=1) + "\n",
    "html": rendered,
    "junit": lambda verdict, _history, _page: junit(verdict),
    "sarif": lambda verdict, _history, page: sarif(verdict, page.path or LOCATION),
    "oscal": lambda verdict, _history, page: oscal(verdict, report=page.beside),
    "xccdf": lambda verdict, _history, _page: xccdf(verdict),
    "history": lambda verdict, history, _page: json.dumps(remembered(history, verdict)) + "\n",
}
