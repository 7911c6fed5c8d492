# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the lines of a run of site.yml say about its speed. Pure: lines with their times go in, figures come out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.bulkhead.classroom.tests.bench.runs import BenchError

# Ratios of one run, because seconds say more about the machine than about the project: (limit, aim).
LIMITS = {"cold": (8.0, 6.0), "unchanged": (3.0, 2.0)}

# The ends of the names of tasks, as Ansible prints them; a test holds them against the roles.
START = "domains | Start the machines"
ANSWER = "ready | Wait for ssh"
BUILDS = (
    "build | Build the base image from distribution packages",
    "rootfs | Build the root file system of the base image, once for each recipe",
)

_TASK = re.compile(r"^TASK \[(?:.* : )?(.*)\] \**$")
_RESULT = re.compile(r"^(ok|changed): \[([^\]]+?)(?: -> [^\]]+)?\](?: => \(item=(.*?)\))?(?: => .*)?$")
_STAGE = re.compile(r"^(\S.*?) +(\d+\.\d) s(?: +(?:\d+ %|-))?$")
_RECAP = re.compile(r"^(\S+) +: ok=\d+ +changed=(\d+) ")


class Line(NamedTuple):
    """A line of a run, and when it came (seconds)."""

    at: float
    text: str


def results(lines: Iterable[Line], task: str) -> list[tuple[float, str, str, str | None]]:
    """What a task reported, as (time, ok or changed, host, item)."""
    found, inside = [], False
    for line in lines:
        heading = _TASK.match(line.text)
        if heading:
            inside = heading[1] == task
        result = _RESULT.match(line.text) if inside else None
        if result:
            found.append((line.at, result[1], result[2], result[3]))
    return found


def boots(lines: Sequence[Line]) -> dict[str, float]:
    """Seconds from the start of each machine to its first answer over ssh."""
    started = {item: at for at, _word, _host, item in results(lines, START) if item}
    answered = {host: at for at, _word, host, _item in results(lines, ANSWER)}
    missing = sorted(set(started) - set(answered))
    if not started or missing:
        raise BenchError(
            f"The run shows no boot of {', '.join(missing) or 'any machine'}: its tasks '{START}' and '{ANSWER}' "
            "have to report each machine. Were machines left from before, or were the tasks renamed?"
        )
    return {machine: answered[machine] - started[machine] for machine in started}


def built_an_image(lines: Sequence[Line]) -> bool:
    return any(word == "changed" for task in BUILDS for _at, word, _host, _item in results(lines, task))


def stages(lines: Iterable[Line]) -> dict[str, float]:
    """Seconds of each stage, from the last screen; the whole is called total."""
    found, inside = {}, False
    for line in lines:
        inside = inside or line.text.startswith("STAGES ")
        stage = _STAGE.match(line.text) if inside else None
        if stage:
            found[stage[1]] = float(stage[2])
            if stage[1] == "total":
                break
    return found


def changes(lines: Iterable[Line]) -> dict[str, int]:
    """Number of changed tasks by host, from the recap."""
    recaps = (_RECAP.match(line.text) for line in lines)
    return {recap[1]: int(recap[2]) for recap in recaps if recap}


def report(boot: Mapping[str, float], cold: Sequence[Line], unchanged: Sequence[Line]) -> dict[str, Any]:
    """Everything that reports/bench.json says. The first and the last line of a run give its time."""
    slower = max(boot, key=lambda machine: boot[machine])
    runs = {"cold": cold, "unchanged": unchanged}
    seconds = {name: lines[-1].at - lines[0].at for name, lines in runs.items()}
    ratios = {name: seconds[name] / boot[slower] for name in runs}
    return {
        "boot_to_ssh_seconds": {machine: round(value, 1) for machine, value in boot.items()},
        "slower_machine": slower,
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
        "stages": {name: stages(lines) for name, lines in runs.items()},
        "ratios": {name: round(value, 2) for name, value in ratios.items()},
        "limits": {name: limit for name, (limit, _aim) in LIMITS.items()},
        "aims": {name: aim for name, (_limit, aim) in LIMITS.items()},
        "within_limits": all(ratios[name] <= limit for name, (limit, _aim) in LIMITS.items()),
    }


def table(found: Mapping[str, Any]) -> list[str]:
    """The report for a terminal."""
    cold, unchanged = found["stages"]["cold"], found["stages"]["unchanged"]
    width = max(len(name) for name in ["boot to ssh", *cold])
    lines = [f"{'stage':<{width}} {'cold':>10} {'unchanged':>10}"]
    for name in [name for name in cold if name != "total"]:
        lines.append(f"{name:<{width}} {cold[name]:>8.1f} s {unchanged.get(name, 0.0):>8.1f} s")
    seconds, boot = found["seconds"], found["boot_to_ssh_seconds"]
    lines += [f"{'whole run':<{width}} {seconds['cold']:>8.1f} s {seconds['unchanged']:>8.1f} s", ""]
    lines += [f"boot to ssh: {machine} {value:.1f} s" for machine, value in boot.items()]
    for name, (limit, aim) in LIMITS.items():
        ratio = found["ratios"][name]
        verdict = "reaches the aim" if ratio <= aim else "within the limit" if ratio <= limit else "TOO SLOW"
        lines.append(
            f"{name} site.yml: {ratio:.2f} x boot to ssh of {found['slower_machine']} "
            f"(limit {limit:g}, aim {aim:g}): {verdict}"
        )
    return lines
