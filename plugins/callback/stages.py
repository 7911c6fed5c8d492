# Copyright (c) 2026 The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last screen of a run: how long each stage took, and what the playbooks want to be read last."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stages
type: aggregate
short_description: Ends a run with the time of each stage and a summary
version_added: 0.1.0
author: The Bulkhead authors (@bulkhead)
description:
  - Measures the wall time of each play. The name of a play is the name of its stage; plays of one name are one stage.
  - After the recap it prints the time of each stage, and then the lines that the playbooks left in the custom
    statistic C(bulkhead_summary), so that what matters most is the last thing on the screen.
  - A playbook leaves lines with M(ansible.builtin.set_stats), as in the example. The lines of several tasks are joined.
requirements:
  - Enabled with the setting C(callbacks_enabled), as C(bulkhead.classroom.stages).
notes:
  - Statistics that are kept per host are not shown, because the summary belongs to the run.
"""

EXAMPLES = r"""
# ansible.cfg
# [defaults]
# callbacks_enabled = bulkhead.classroom.stages

- name: Leave lines for the last screen
  ansible.builtin.set_stats:
    data:
      bulkhead_summary:
        - "engine1  192.168.150.11"
        - "enter a workspace: ssh engine1"
    per_host: false
    aggregate: true
"""

import time
from typing import NamedTuple

from ansible.plugins.callback import CallbackBase

SUMMARY = "bulkhead_summary"


class Stage(NamedTuple):
    """A stage and its wall time."""

    name: str
    seconds: float


def by_stage(plays: list[Stage]) -> list[Stage]:
    """Adds up the plays of one name, in the order in which the names first appeared."""
    seconds: dict[str, float] = {}
    for play in plays:
        seconds[play.name] = seconds.get(play.name, 0.0) + play.seconds
    return [Stage(name, value) for name, value in seconds.items()]


def render_stages(plays: list[Stage]) -> list[str]:
    """One line per stage, aligned, with its share of the whole, and the whole at the end."""
    stages = by_stage(plays)
    whole = sum(stage.seconds for stage in stages)
    width = max([len(stage.name) for stage in stages] + [len("total")])
    lines = [f"{stage.name:<{width}} {stage.seconds:8.1f} s {share(stage.seconds, whole):>5}" for stage in stages]
    return [*lines, f"{'total':<{width}} {whole:8.1f} s"]


def share(part: float, whole: float) -> str:
    """A part in per cent; a run that took no time at all has no parts."""
    return f"{100 * part / whole:.0f} %" if whole > 0 else "-"


def summary_lines(statistics: dict) -> list[str]:
    """The lines that the playbooks left. A single text counts as one line: nothing that was left is lost."""
    left = statistics.get(SUMMARY, [])
    return [str(line) for line in left] if isinstance(left, list) else [str(left)]


class CallbackModule(CallbackBase):
    """Listens to the plays of a run and prints at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "bulkhead.classroom.stages"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._plays: list[Stage] = []
        self._current: str | None = None
        self._since = 0.0

    def v2_playbook_on_play_start(self, play):
        self._close()
        self._current = play.get_name().strip()
        self._since = time.monotonic()

    def v2_playbook_on_stats(self, stats):
        self._close()
        if self._plays:
            self._display.banner("STAGES")
            self._print(render_stages(self._plays))
        lines = summary_lines(stats.custom.get("_run", {}))
        if lines:
            self._display.display("")
            self._print(lines)

    def _close(self):
        if self._current is not None:
            self._plays.append(Stage(self._current, time.monotonic() - self._since))
            self._current = None

    def _print(self, lines):
        for line in lines:
            self._display.display(line)
