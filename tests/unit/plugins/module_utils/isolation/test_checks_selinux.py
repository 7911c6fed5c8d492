# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SELinux's checks about containers: labels that the kernel shows, the policy's answers, labels of files."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support import facts, facts_selinux
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_judged import (
    ADA,
    GRACE,
    changed,
    find,
    judged,
    policy,
    put,
    red,
    replace_line,
)

LEVELS = {"selinux-categories-unique", "selinux-categories-dominate", "selinux-files-level", "selinux-layer-label"}
PROMISE = "selinux-label-as-promised"
TEXT = "system_u:system_r:container_t:{}"
ROOT = "system_u:object_r:container_file_t:s0:c12,c34"


def relabelled(document, record, text):
    """The kernel has another label; the policy knows it, enforces in its type and refuses what it refused."""
    name = record["labels"][facts.STUDENT]
    put(record, "processes.0.label", text)
    answers = document["host"]["selinux"]
    answers["contexts"][text] = facts.fact("loaded", facts_selinux.CONTEXT)
    answers["domains"][text.split(":")[2]] = facts.fact("enforced", facts_selinux.ACCESS)
    answers["crossings"][text] = answers["crossings"][facts.label(name)]


@pytest.mark.parametrize(
    ("text", "checks"),
    [
        ("system_u:system_r:spc_t:s0:c12,c34", {"selinux-type", PROMISE}),
        ("staff_u:system_r:container_t:s0:c12,c34", {PROMISE}),
        (TEXT.format("s0:c12,c35"), LEVELS - {"selinux-categories-unique", "selinux-categories-dominate"} | {PROMISE}),
        (TEXT.format("s0"), LEVELS | {PROMISE}),
        # Nobody has c12 alone, and whoever has c12 and another one contains it: here there is no such one.
        (TEXT.format("s0:c12"), LEVELS - {"selinux-categories-dominate"} | {PROMISE}),
        (TEXT.format("s0:c12,c34,c56"), LEVELS - {"selinux-categories-dominate"} | {PROMISE}),
        (TEXT.format("s0:c12,c56,c78"), LEVELS | {PROMISE}),
        (TEXT.format("s0-s0:c0.c1023"), LEVELS | {PROMISE}),
        # The same, spelled in another way.
        (TEXT.format("s0:c34,c12"), set()),
    ],
)
def test_another_label_turns_its_checks_red(text, checks):
    found = red(judged(changed(lambda document, ada: relabelled(document, ada, text))))
    assert found == {(ADA, check): "fail" for check in checks}


def test_what_is_no_label_is_red_in_all_and_unknown_to_the_policy():
    result = red(judged(changed(lambda _document, ada: put(ada, "processes.0.label", "unconfined"))))
    failed = {"selinux-type", "selinux-categories-unique", "selinux-categories-dominate", PROMISE}
    assert {check for (_ada, check), status in result.items() if status == "fail"} == failed
    assert {check for (_ada, check), status in result.items() if status == "error"} == {
        *("selinux-files-level", "selinux-layer-label", "selinux-domain-enforced", "selinux-context-loaded"),
        "selinux-policy-separates",
    }


def test_who_contains_others_names_them_and_they_stay_green():
    result = judged(changed(lambda document, ada: relabelled(document, ada, TEXT.format("s0-s0:c0.c1023"))))
    assert f"it reaches what {GRACE} may" in find(result, "selinux-categories-dominate")["observed"]
    assert not any(subject == GRACE for subject, _check in red(result))


def test_who_has_too_few_is_in_reach_of_all():
    result = judged(changed(lambda document, ada: relabelled(document, ada, TEXT.format("s0"))))
    assert f"it is in reach of {GRACE}" in find(result, "selinux-categories-dominate")["observed"]
    assert find(result, "selinux-categories-dominate", GRACE)["status"] == "pass"


@pytest.mark.parametrize(
    ("text", "names"), [("s0:c12,c34,c90", {ADA}), ("s0-s0:c0.c1023", {ADA, GRACE}), ("s0", set()), ("s0:c12", set())]
)
def test_a_neighbour_that_contains_a_workspace_turns_the_workspace_red(text, names):
    """Nobody else would tell of it: a neighbour is not judged."""

    def beside(document, _ada):
        other = facts.neighbour()
        put(other, "processes.0.label", TEXT.format(text))
        document["neighbours"].append(other)

    result = judged(changed(beside))
    assert red(result) == {(name, "selinux-categories-dominate"): "fail" for name in names}
    for name in names:
        assert "registry-cache" in find(result, "selinux-categories-dominate", name)["observed"]


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("declared.process_label", "", "the engine gave it none"),
        ("declared.process_label", "garbage", "the engine says 'garbage'"),
        ("declared.process_label", TEXT.format("s0:c12"), "another level"),
        ("declared.security_opts", ["label=level:s0:c12,c34,c56"], "was asked to have level s0:c12,c34,c56"),
        ("declared.security_opts", ["label:level:s0:c1,c2"], "was asked to have level s0:c1,c2"),
        ("declared.security_opts", ["label=type:other_t"], "was asked to have type other_t"),
    ],
)
def test_a_label_that_is_not_what_the_engine_says(path, value, said):
    def change(document, ada):
        put(ada, path, value)
        document["host"]["selinux"]["contexts"].update({str(value): facts.fact("loaded", "/sys/fs/selinux/context")})

    result = judged(changed(change))
    assert red(result) == {(ADA, PROMISE): "fail"} and said in find(result, PROMISE)["observed"]


def test_of_two_options_the_later_one_counts_and_the_promise_is_shown():
    options = ["label=level:s0:c1,c2", "label=level:s0:c34,c12", "label=type:container_t", "label=filetype:x_t"]
    result = judged(changed(lambda _document, ada: put(ada, "declared.security_opts", options)))
    assert red(result) == {}
    assert find(result, PROMISE)["inspected"].startswith(facts.label("ada"))


def test_a_second_process_with_another_label_is_found():
    def enter(document, ada):
        first = ada["processes"][0]
        relabelled(document, ada, "system_u:system_r:unconfined_t:s0:c12,c34")
        ada["processes"].append({**first, "pids": [2900]})
        ada["processes"][0] = {**first, "label": facts.label("ada")}

    found = find(judged(changed(enter)), PROMISE)
    assert found["status"] == "fail" and "process 2900 has system_u:system_r:unconfined_t" in found["observed"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("c12,c34", "c56,c78", "another level"),
        ("c12,c34", "c12", "another level"),
        ("container_file_t", "container_ro_file_t", "another type"),
        (f',context="{ROOT}"', "", "container_ro_file_t:s0: another level"),
        (ROOT, "garbage", "has the label 'garbage'"),
    ],
)
def test_the_mount_of_the_root_file_system_labels_as_the_process_is(old, new, said):
    result = judged(changed(lambda _document, ada: replace_line(ada, old, new)))
    assert red(result) == {(ADA, "selinux-layer-label"): "fail"}
    assert said in find(result, "selinux-layer-label")["observed"]


def layer_with(**changes):
    result = judged(changed(lambda _document, ada: ada["mounting"]["layer"].update(changes)))
    return red(result).get((ADA, "selinux-layer-label")), find(result, "selinux-layer-label")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"labels": {ROOT: "/a", "system_u:object_r:container_file_t:s0": "/b"}}, "fail"),
        ({"labels": {ROOT: "/a", ROOT.replace("c12", "c56"): "/b"}}, "fail"),
        ({"labels": {ROOT.replace("container_file_t", "user_home_t"): "/b"}}, "fail"),
        ({"labels": {"ENODATA No data available": "/b"}}, "error"),
        ({"labels": None}, "error"),
        ({"labels": {}}, "error"),
        ({"labelled": None}, "error"),
        ({"error": "EACCES Permission denied: /x"}, "error"),
        ({"labels": {}, "labelled": 0}, None),
    ],
)
def test_what_was_written_into_the_layer_is_labelled_so_too(changes, status):
    assert layer_with(**changes)[0] == status


def test_without_a_mount_that_labels_the_layer_itself_counts():
    def unforced(_document, ada):
        replace_line(ada, f',context="{ROOT}"', "")
        ada["mounting"]["layer"]["label"] = facts.fact(ROOT, "/var/lib/docker/overlay2/x/diff")

    assert red(judged(changed(unforced))) == {}

    def unnamed(_document, ada):
        replace_line(ada, f',context="{ROOT}"', "")
        ada["mounting"]["layer"] = {"path": "", "driver": "overlayfs"}

    assert find(judged(changed(unnamed)), "selinux-layer-label")["status"] == "notchecked"


def test_the_policy_may_expect_another_type_of_files():
    document = changed(lambda _document, ada: replace_line(ada, "container_file_t", "classroom_file_t"))
    wanted = policy(selinux_file_types=["container_file_t", "classroom_file_t"])
    assert red(judged(document, wanted)) == {}


def test_a_source_that_was_taken_by_another_container_names_it():
    text = facts_selinux.file_label("grace")
    found = find(judged(changed(lambda _document, ada: put(ada, "sources.0.label.value", text))), "selinux-files-level")
    assert found["status"] == "fail" and f"(the level of {GRACE})" in found["observed"]


@pytest.mark.parametrize(
    ("level", "checks"),
    [
        ("s0:c34,c12", {"selinux-categories-unique"}),
        ("s0:c12,c34,c35", {"selinux-categories-dominate"}),
        ("s0:c1,c2", set()),
        ("s0:c12", set()),
    ],
)
def test_a_process_that_is_no_containers_of_this_engine_may_have_the_same_pair(level, checks):
    """A user's podman and libvirt draw pairs of their own."""
    one = {"pid": 77, "name": "qemu", "label": f"system_u:system_r:svirt_t:{level}"}
    result = judged(changed(lambda document, _ada: put(document["host"], "selinux.strangers.value", [one])))
    assert red(result) == {(ADA, check): "fail" for check in checks}
    assert all("process 77 (qemu) of the host" in find(result, check)["observed"] for check in checks)


@pytest.mark.parametrize(
    "value", [facts.unread("/proc"), facts.fact([{"pid": 7}], "/proc"), facts.fact({}, "/p"), None]
)
def test_without_knowing_who_else_is_there_no_pair_is_ones_own(value):
    result = judged(changed(lambda document, _ada: put(document["host"], "selinux.strangers", value)))
    assert red(result) == {(name, "selinux-categories-unique"): "error" for name in (ADA, GRACE)}
