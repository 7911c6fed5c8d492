# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two verdicts laid beside each other: what counts as a difference, and whom it is about."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.tests.bench.compare_rows import counts, document, markdown, rows
from ansible_collections.bulkhead.classroom.tests.bench.docker_bench import DockerBench, Result, results
from ansible_collections.bulkhead.classroom.tests.bench.runs import BenchError

NAMES = ("alpha", "beta")


def theirs(verdict, *items, details=""):
    return Result("a title", verdict, details, items)


def finding(check, cis, status, container="", subject=""):
    return {
        "check": check,
        "references": {"CIS Docker 1.6": [cis]} if cis else {},
        "status": status,
        "container": container,
        "subject": subject or (f"here/{container}" if container else "here"),
        "observed": "seen",
        "evidence": [{"path": "/proc/1/status", "raw": "raw"}],
    }


def only(found):
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(
    ("result", "statuses", "differs"),
    [
        (theirs("PASS"), ["pass", "pass"], False),
        (theirs("WARN", "alpha"), ["fail", "pass"], False),
        (theirs("WARN", "alpha", "beta"), ["fail", "pass"], True),
        (theirs("WARN", "beta"), ["fail", "pass"], True),
        (theirs("PASS"), ["error", "pass"], True),
        # Nothing tested, nothing proved.
        (theirs("NOTE"), ["notchecked", "notapplicable"], False),
        (theirs("NOTE"), ["pass", "pass"], True),
        (theirs("INFO"), ["informational", "informational"], False),
        # An objection that costs no points is one all the same.
        (theirs("INFO", "alpha"), ["fail", "pass"], False),
        (theirs("PASS"), ["informational", "informational"], True),
    ],
)
def test_a_difference_is_another_class_or_another_container(result, statuses, differs):
    findings = [finding("check", "5.1", status, name) for status, name in zip(statuses, NAMES)]
    assert only(rows({"5.1": result}, findings, NAMES)).differs is differs


def test_each_side_is_named_with_the_reason():
    findings = [finding("check", "5.1", "fail", "alpha"), finding("check", "5.1", "pass", "beta")]
    row = only(rows({"5.1": theirs("WARN", "beta:80")}, findings, NAMES))
    assert row.only_ours == {"alpha": "check fail: seen (/proc/1/status: raw)"}
    assert row.only_theirs == {"beta": "check pass: seen (/proc/1/status: raw)"}


@pytest.mark.parametrize("item", ["alpha", "alpha:/etc", "0123456789ab:alpha"])
def test_a_container_is_recognised_in_what_is_written_beside_it(item):
    assert only(rows({"5.6": theirs("WARN", item)}, [], NAMES)).theirs == ("alpha",)


def test_hosts_and_images_have_names_too():
    host = only(rows({"2.2": theirs("WARN")}, [finding("icc", "2.2", "fail")], NAMES))
    assert host.theirs == host.ours == ("host",) and not host.differs
    image = finding("image-health", "4.6", "fail", subject="here/image/base:1")
    row = only(rows({"4.6": theirs("WARN", "[base:1]")}, [image], NAMES))
    assert row.theirs == row.ours == ("base:1",) and not row.differs


def test_ids_are_sorted_as_numbers_and_counted_by_who_has_them():
    given = {"5.10": theirs("PASS"), "5.9": theirs("WARN", "alpha"), "4.2": theirs("NOTE")}
    findings = [finding("net", "5.10", "fail", "beta"), finding("own", "3.1", "pass"), finding("none", "", "fail")]
    found = rows(given, findings, NAMES)
    assert [row.id for row in found] == ["3.1", "4.2", "5.9", "5.10"]
    counted = counts(found, given)
    assert counted["only_theirs"] == ["4.2", "5.9"] and counted["only_ours"] == ["3.1"]
    assert counted["both"] == 1 and counted["differ"] == 1 and counted["their_verdicts"]["PASS"] == 1
    assert [one["id"] for one in document(found) if one["differs"]] == ["3.1", "5.9", "5.10"]
    table = markdown(found)
    assert len(table) == 3 and table[2].startswith("| 5.10 | PASS | bad 1 (`net`) | beta | - |")


def test_results_are_read_by_id_and_broken_ones_are_an_error():
    tests = [{"results": [{"id": "5.6", "desc": "title", "result": "WARN", "details": "d: a:/", "items": ["a:/"]}]}]
    assert results(json.dumps({"tests": tests})) == {"5.6": Result("title", "WARN", "d: a:/", ("a:/",))}
    with pytest.raises(BenchError, match="no JSON"):
        results('{"tests": [')


def test_a_folder_without_it_is_refused_with_the_way_to_get_it(tmp_path):
    with pytest.raises(BenchError, match="DOCKER_BENCH="):
        DockerBench(tmp_path / "nothing", tmp_path)


def test_a_run_is_of_a_copy_on_the_given_engine(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    script = "version='9.9'\nmkdir log\nprintf '%s' '{\"tests\": []}' > \"$3.json\"\n"
    script += 'test "$DOCKER_HOST" = unix:///engine\n'
    (source / "docker-bench-security.sh").write_text(script)
    bench = DockerBench(source, tmp_path)
    seconds, found = bench.run("unix:///engine")
    assert bench.version == "9.9" and found == {} and seconds > 0 and not (source / "log").exists()
    with pytest.raises(BenchError, match="ended with 1"):
        DockerBench(source, tmp_path / "again").run("unix:///another")
