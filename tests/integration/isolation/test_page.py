# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report in a browser: it draws itself, fetches nothing, and what strangers named stays text."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import remembered
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.page import Page, rendered
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.pictures import pictures
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import ADA, judged, put
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

ROLE = Path(__file__).parents[3] / "roles" / "isolation_audit"
HOSTILE = "</script><img src=//x onerror=alert(1)>\u202e'\"&" + "n" * 400
MEGABYTE = 1_000_000
GRAVE = ("serious", "critical")


def verdict(count=2, waivers=(), broken=True):
    """Of `count` workspaces, one of them without a filter and with a name that means harm."""
    document = facts.document()
    model = document["containers"][0]
    for number in range(2, count):
        more = deepcopy(model)
        more["name"] = f"workspace-{number}"
        document["containers"].append(more)
    if broken:
        put(document["containers"][0], "processes.0.status.Seccomp", "0")
        document["containers"][1]["labels"]["org.bulkhead.student"] = HOSTILE
    return judged(document, {"capabilities": []}, list(waivers))


def page_of(judgement, history=None, drawn=()):
    parts = ("templates/isolation.html.j2", "files/isolation.css", "files/isolation.js")
    texts = ((ROLE / part).read_text() for part in parts)
    return rendered(judgement, history, Page(*texts, "isolation.json", pictures=tuple(drawn)))


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        # Debian's own; root may not have a sandbox. It only opens files that this test wrote.
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens a report, and tells what the page asked for or complained about; nothing is right."""
    opened = []

    def run(text, address="", **context):
        path = tmp_path / "isolation.html"
        path.write_text(text)
        page = browser.new_context(**context).new_page()
        page.trouble = []
        page.on("request", lambda request: request.url.startswith("file://") or page.trouble.append(request.url))
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("console", lambda message: page.trouble.append(message.text))
        page.on("dialog", lambda dialog: page.trouble.append(dialog.message))
        page.goto(f"{path.as_uri()}{address}")
        page.wait_for_selector("html[data-drawn]")
        opened.append(page)
        return page

    yield run
    for page in opened:
        assert page.trouble == []
        page.context.close()


def test_it_opens_with_what_is_red_and_shows_the_evidence(show):
    page = show(page_of(verdict()))
    expect(page.locator("#verdict")).to_contain_text("Not isolated: 2 containers")
    item = page.locator("#list > li", has_text="seccomp-filter")
    expect(item).to_have_count(1)
    item.locator("summary").press("Enter")
    for text in ("Expected", "Kernel says", "Engine says", "/proc/", "Seccomp: 0", "Remedy", "CIS Docker 1.8", "5.22"):
        expect(item).to_contain_text(text)


def test_a_search_and_the_lists_narrow_it(show):
    page = show(page_of(verdict()))
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#count")).to_have_text(re.compile(r"^(\d+) of \1 findings"))
    everything = page.locator("#count").inner_text()
    page.get_by_label("Search").fill("=seccomp-filter workspace-ADA")
    expect(page.locator("#list > li")).to_have_count(1)
    expect(page.locator("#list > li")).to_contain_text(ADA)
    page.get_by_label("Search").fill("")
    page.locator("#concept").select_option("cgroups")
    expect(page.locator("#count")).not_to_have_text(everything)
    expect(page.locator("#list > li", has_text="cgroup-memory-limit")).not_to_have_count(0)
    expect(page.locator("#list > li", has_text="seccomp-filter")).to_have_count(0)
    page.get_by_label("Search").fill("nothing-has-this-name")
    expect(page.locator("#count")).to_contain_text("0 of")


def test_a_cell_and_a_link_lead_to_their_findings(show):
    text = page_of(verdict())
    page = show(text)
    page.get_by_role("link", name=f"{ADA}, seccomp: 1 of").click()
    expect(page.locator("#subject")).to_have_value(ADA)
    expect(page.locator("#concept")).to_have_value("seccomp")
    page.locator("#list summary", has_text="seccomp-filter").click()
    address = page.get_by_role("link", name="Link to this finding").get_attribute("href")
    again = show(text, address)
    expect(again.locator("#list > li")).to_have_count(1)
    expect(again.locator("#list details[open]")).to_contain_text("Seccomp: 0")


def test_waivers_and_the_last_runs_are_in_it(show):
    waiver = {"check": "seccomp-filter", "subject": ADA, "reason": f"until <b>May</b> {HOSTILE[:40]}"}
    waived = verdict(waivers=[{**waiver, "expires": "2100-01-01"}])
    page = show(page_of(waived, remembered(None, verdict())))
    expect(page.locator("#waivers")).to_contain_text("until <b>May</b>")
    expect(page.locator("#drift")).to_contain_text("1 fixed")
    expect(page.locator("#trend li")).to_have_count(2)
    expect(page.locator("#verdict")).to_contain_text("Isolated")


def test_layers_are_a_picture_and_their_names_stay_text(show):
    document = facts.document()
    document["images"][0]["name"] = HOSTILE
    drawn = pictures({"engine1": document})
    page = show(page_of(verdict(), drawn=drawn))
    picture = page.get_by_role("img", name="Layers on engine1")
    expect(picture).to_contain_text("80")
    expect(picture).to_contain_text("</script>")
    assert page.locator("img").count() == 0
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in GRAVE] == []
    assert show(page_of(verdict())).locator("#layers-title").count() == 0


def test_what_strangers_named_stays_text(show):
    page = show(page_of(verdict()))
    expect(page.locator("#matrix")).to_contain_text("</script><img src=//x onerror=alert(1)>")
    assert page.locator("img").count() == 0 and "\u202e" not in page.locator("body").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_by_everybody(show, scheme):
    page = show(page_of(verdict(), remembered(None, verdict(broken=False))), color_scheme=scheme)
    page.locator("#list summary").first.click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in GRAVE] == []


def test_the_keyboard_reaches_everything(show):
    page = show(page_of(verdict()))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the findings")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#findings")).to_be_focused()
    before = page.evaluate("document.documentElement.dataset.theme || ''")
    page.get_by_role("button", name="Dark or light").press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") != before


def test_five_hundred_containers_fit_in(show):
    judgement = verdict(500)
    text = page_of(judgement)
    assert len(text.encode()) < 5 * MEGABYTE
    page = show(text)
    expect(page.locator("#matrix tbody tr")).to_have_count(500)
    others = {finding["subject"] for finding in judgement["findings"] if not finding["container"]}
    assert others
    expect(page.locator("#others tbody tr")).to_have_count(len(others))


def test_a_report_that_is_broken_says_so(browser, tmp_path):
    path = tmp_path / "isolation.html"
    path.write_text(page_of(verdict()).replace('base64">H4sI', 'base64">AAAA'))
    page = browser.new_page()
    page.goto(path.as_uri())
    expect(page.locator("#verdict")).to_contain_text("This report cannot be shown")
    page.close()
