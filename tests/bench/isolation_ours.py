# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts, verdict and report of an engine's containers in one process, without Ansible. Prints what each part took."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

BEGIN = time.monotonic()

# The import is part of what is measured.
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_reading import reading  # noqa: E402
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel  # noqa: E402
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.gather import gather  # noqa: E402
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict  # noqa: E402

# Every check there is. SELinux is judged where the kernel has it.
POLICY = {"profile": "all", "selinux": "where_present"}


def main(url: str, target: str) -> None:
    marks = {"import": time.monotonic()}
    facts = gather(reading({"docker_host": url}), Kernel(), {}, url)
    marks["facts"] = time.monotonic()
    judged = verdict({"localhost": facts}, POLICY)
    marks["verdict"] = time.monotonic()
    Path(target).write_text(json.dumps(judged))
    marks["report"] = time.monotonic()
    starts = [BEGIN, *marks.values()]
    found = {
        "seconds": {name: end - start for (name, end), start in zip(marks.items(), starts)},
        "containers": len(facts["containers"]),
        "unread": sum("error" in container for container in facts["containers"]),
        "findings": len(judged["findings"]),
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
