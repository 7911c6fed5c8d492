# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Turns `pip config list` on the standard input into a configuration file, the environment included."""

from __future__ import annotations

import ast
import configparser
import os
import sys
from pathlib import Path


def merge(lines: list[str]) -> configparser.RawConfigParser:
    """What `pip config list` printed, as a configuration; an environment variable wins over a file, as with pip."""
    settings = configparser.RawConfigParser()
    split = [line.partition("=") for line in lines if "=" in line]
    for name, _equals, quoted in sorted(split, key=lambda part: part[0].startswith(":env:")):
        section, _dot, key = name.strip().rpartition(".")
        section = "global" if section == ":env:" else section
        if section in (":env:", "global") and key == "config-file":
            continue
        if not settings.has_section(section):
            settings.add_section(section)
        settings.set(section, key, str(ast.literal_eval(quoted.strip())))
    return settings


def main() -> None:
    """Write the file named on the command line; an index may carry a password, so nobody else reads it."""
    target = Path(sys.argv[1])
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        merge(sys.stdin.read().splitlines()).write(file)


if __name__ == "__main__":
    main()
