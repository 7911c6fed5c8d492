# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error takes from the log of a build, and how work on a graph of images is ordered."""

from __future__ import annotations

import threading

from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_log import LINES, BuildLog, of_buildkit
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.image_list import in_order

BUILDKIT = """\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#4 [make 1/3] FROM docker.io/course/base:1
#5 [make 2/3] RUN echo fine
#5 0.2 fine
#6 [make 3/3] RUN exit 3
#6 0.3 about to fail
#6 ERROR: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3
------
Dockerfile:3
ERROR: failed to solve: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3
"""


def test_the_last_instruction_is_named():
    log = BuildLog()
    for piece in ("Step 1/2 : FROM a\n", " ---> 123\n", "Step 2/2 : RUN exit 3\n", "said\n\nmore\n"):
        log.add(piece)
    assert log.what("code: 3") == "code: 3 at instruction 2, RUN exit 3"
    assert log.cure("The engine's log says more.").startswith("Correct the instruction that failed. The log ends:\n")
    assert log.cure("Free space.").startswith("Free space. The log ends:\n") and log.cure("").endswith("said\nmore")


def test_a_full_disk_is_no_mistake_of_the_dockerfile():
    log = BuildLog()
    log.add("\x1b[91mdd: No space left on device\n\x1b[0m")
    assert log.cure("").startswith("Free space below") and log.cure("").endswith(
        "The log ends:\ndd: No space left on device"
    )


def test_a_build_that_said_nothing():
    assert BuildLog().what("no answer") == "no answer" and BuildLog().cure("Wait.") == "Wait."


def test_only_the_end_of_a_long_log_is_kept():
    log = BuildLog()
    log.add("\n".join(map(str, range(1000))))
    assert list(log.tail) == [str(number) for number in range(1000 - LINES, 1000)]


def test_the_failed_instruction_of_buildkit():
    step, said, tail = of_buildkit(BUILDKIT)
    assert (
        step == "instruction 3 of stage make, RUN exit 3" and said.endswith("exit code: 3") and "about to fail" in tail
    )
    assert of_buildkit("ERROR: no builder found\n") == ("", "no builder found", "ERROR: no builder found")
    assert of_buildkit("") == ("", "", "")


def test_nothing_waits_for_what_it_does_not_stand_on():
    """b stands on a. c is slow, and ends only after b did: in waves b would wait for c, and this would hang."""
    ended = threading.Event()

    def work(name, broken):
        if name == "c":
            assert ended.wait(20), "b did not run while c did"
        if name == "b":
            ended.set()
        return {"name": name, "broken": broken, **({"error": "x"} if name == "a" else {})}

    names = {name: name for name in "abc"}
    done = in_order(work, names, {"a": set(), "b": {"a"}, "c": set()}, 2)
    assert {name: result["broken"] for name, result in done.items()} == {"a": [], "b": ["a"], "c": []}
