# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one category pair to another: the kernel's record of the refusal, and the policy's answers for every pair."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import crossing
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.trail import Trail

ADA, GRACE = (f"system_u:system_r:container_t:s0:c{pair}" for pair in ("1,c2", "3,c4"))
FILES = "system_u:object_r:container_file_t:s0:c3,c4"


def line(source=ADA, target=FILES, kind="file", said="denied  { read }") -> str:
    return (
        f'type=AVC msg=audit(1.2:3): avc:  {said} for  pid=9 comm="loader" name="own" dev="overlay" '
        f"ino=1 scontext={source} tcontext={target} tclass={kind} permissive=0\n"
    )


@pytest.fixture
def trail(tmp_path):
    """A trail that begins now; what was in the log before is not its own."""
    (tmp_path / "audit.log").write_text(line())
    names = ("audit.log", "audit.log.1", "nothing")
    with Trail(*(str(tmp_path / name) for name in names)) as trail:
        yield trail


def more(tmp_path, text) -> None:
    with (tmp_path / "audit.log").open("a") as stream:
        stream.write(text)


def test_a_record_of_before_is_none(trail):
    assert "no record" in trail.refusal(ADA, FILES, 0).error


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (line(), True),
        (line(source=GRACE), False),
        (line(target=FILES.replace("c4", "c40")), False),
        (line(target=FILES + ",c5"), False),
        (line(kind="dir"), False),
        (line(said="granted { read }"), False),
    ],
)
def test_the_record_of_these_two_labels_alone_counts(trail, tmp_path, text, known):
    more(tmp_path, text)
    found = trail.refusal(ADA, FILES, 0)
    assert found.known is known and (not known or found.value == line().strip())


def test_it_waits_for_whoever_writes_the_log(trail, tmp_path):
    late = threading.Timer(0.3, more, (tmp_path, line()))
    late.start()
    assert trail.refusal(ADA, FILES, 5).known
    late.join()


def test_a_log_that_was_put_away_meanwhile_is_followed(trail, tmp_path):
    more(tmp_path, line())
    (tmp_path / "audit.log").rename(tmp_path / "audit.log.1")
    (tmp_path / "audit.log").write_text("")
    assert trail.refusal(ADA, FILES, 0).path.endswith("audit.log.1")


def test_without_auditd_the_kernels_own_log_is_read(tmp_path):
    (tmp_path / "kmsg").write_text("6,1,1,-;older\n")
    with Trail(str(tmp_path / "none"), str(tmp_path / "none.1"), str(tmp_path / "kmsg")) as trail:
        assert "no record" in trail.refusal(ADA, FILES, 0).error


def test_without_any_log_that_is_said(tmp_path):
    with Trail(*(str(tmp_path / name) for name in "abc")) as trail:
        assert "neither" in trail.refusal(ADA, FILES, 0).error


class Policy:
    """A kernel that allows what it is told to: (source, target, class)."""

    def __init__(self, allowed=(), silent=False) -> None:
        self.allowed, self.silent = allowed, silent

    def read_once(self, path):
        return Fact(path, "7" if path.endswith("index") else "1" if path.endswith(("read", "ptrace")) else "2")

    def ask(self, path, question):
        if self.silent:
            return Fact(path, error="EACCES")
        source, target, _kind = question.split()
        bits = "1" if (source, target) in self.allowed else "0"
        return Fact(path, f"{bits} ffffffff 0 ffffffff 1 0")


KNOWN = {
    "a": crossing.Neighbour("ada", ADA, FILES.replace("c3,c4", "c1,c2")),
    "g": crossing.Neighbour("grace", GRACE, FILES),
    "o": crossing.Neighbour("open", GRACE.replace("container_t", "spc_t"), ""),
}


def test_every_other_container_is_asked_about():
    found = crossing.ask(Policy(), "a", KNOWN)
    assert found.value == {"asked": 3, "allowed": []}


def test_what_the_policy_allows_is_named():
    found = crossing.ask(Policy(allowed={(ADA, FILES)}), "a", KNOWN)
    assert found.value == {"asked": 3, "allowed": [f"the policy lets it read a file of grace ({FILES})"]}


@pytest.mark.parametrize(
    ("policy", "key", "known"),
    [
        (Policy(silent=True), "a", KNOWN),
        (Policy(), "nobody", KNOWN),
        (Policy(), "a", {**KNOWN, "x": crossing.Neighbour("x", "", "")}),
    ],
)
def test_an_answer_that_is_missing_is_no_refusal(policy, key, known):
    assert crossing.ask(policy, key, known).error
