# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures the HTML report of a verdict: what it takes to write, to draw in Chromium, and how large it is."""

from __future__ import annotations

import json
import time
from pathlib import Path
from statistics import median

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.page import Page, rendered
from playwright.sync_api import sync_playwright

ROLE = Path(__file__).parents[2] / "roles" / "isolation_audit"
PARTS = ("templates/isolation.html.j2", "files/isolation.css", "files/isolation.js")
ROUNDS = 3


def page_figures(report: Path) -> dict[str, float]:
    """report: the verdict as JSON. Seconds are medians."""
    judged, texts = json.loads(report.read_text()), [(ROLE / part).read_text() for part in PARTS]
    target, written, drawn = report.with_suffix(".html"), [], []
    for _number in range(ROUNDS):
        begin = time.monotonic()
        target.write_text(rendered(judged, None, Page(*texts, report.name)))
        written.append(time.monotonic() - begin)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for _number in range(ROUNDS):
            page = browser.new_page()
            begin = time.monotonic()
            page.goto(target.as_uri())
            page.wait_for_selector("html[data-drawn]")
            drawn.append(time.monotonic() - begin)
            page.close()
        browser.close()
    return {"write": median(written), "draw": median(drawn), "bytes": target.stat().st_size}
