# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the HTML report says what the verdict says, and nothing in it can leave its place."""

from __future__ import annotations

import base64
import gzip
import json
import re

from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.history import remembered
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.page import document, packed
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import ADA, changed, judged, put

OF_FINDING = ("status", "expected", "observed", "inspected", "reason")


def weakened():
    waiver = {"check": "seccomp-filter", "subject": ADA, "reason": "</script><b>", "expires": "2100-01-01"}
    return judged(changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", "0")), waivers=[waiver])


def unpacked(text):
    return json.loads(gzip.decompress(base64.b64decode(text, validate=True)))


def told(data, row):
    """A finding as the page puts it together."""
    subject, check, status, _red, *said = row
    words = [data["texts"][number] for number in said[:4]]
    evidence = [data["texts"][number] for number in said[4]]
    known = dict(zip(OF_FINDING, [data["statuses"][status], *words]))
    pieces = [{"path": path, "raw": raw} for path, raw in zip(evidence[::2], evidence[1::2])]
    whole = {**data["checks"][check], "subject": data["subjects"][subject]["name"], **known}
    return {**whole, "evidence": pieces, "waiver": said[5] if said[5:] else None}


def test_every_finding_is_in_it_whole():
    verdict = weakened()
    data = unpacked(packed(verdict))
    assert len(data["findings"]) == len(verdict["findings"])
    for row, finding in zip(data["findings"], verdict["findings"]):
        shown = told(data, row)
        assert shown.pop("id") == finding["check"]
        assert not finding["remedy"] or shown["remedy"] == finding["remedy"]
        shown.pop("remedy")
        assert shown == {key: finding[key] for key in shown}
    assert [row[0:4] for row in data["findings"] if row[3]] == []


def test_what_is_red_is_marked_so_and_counts_in_the_next_run():
    verdict = judged(changed(lambda _document, ada: put(ada, "processes.0.status.Seccomp", "0")))
    data = unpacked(packed(verdict, json.dumps(remembered(None, judged(facts.document())))))
    marked = {(data["checks"][row[1]]["id"], data["subjects"][row[0]]["name"]) for row in data["findings"] if row[3]}
    assert ("seccomp-filter", ADA) in marked
    assert f"seccomp-filter {ADA}" in data["drift"]["new"] and len(data["runs"]) == 1


def test_nothing_in_it_is_markup_and_the_same_verdict_gives_the_same_text():
    text = packed(weakened())
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", text) and text == packed(weakened())
    assert unpacked(text) == document(weakened())


def test_a_lone_surrogate_does_not_stop_the_report():
    verdict = weakened()
    verdict["findings"][0] = {**verdict["findings"][0], "observed": "\udc80"}
    assert "\udc80" in unpacked(packed(verdict))["texts"]


def test_the_concepts_come_in_the_order_of_the_course():
    shown = document(weakened())["concepts"]
    assert shown.index("namespaces") < shown.index("cgroups") < shown.index("selinux") < shown.index("mounts")
    assert set(shown) == {finding["concept"] for finding in weakened()["findings"]}
