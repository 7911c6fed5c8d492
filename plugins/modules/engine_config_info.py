#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: engine_config_info
short_description: Say what a new configuration asks of a container engine, and why it must not be used
version_added: 0.2.0
description:
  - Compares a wanted C(daemon.json) with what the engine runs with, and says whether the engine has to be restarted,
    can take it on a reload, or has it already.
  - Looks at all places that decide where the engine listens (its units, their drop-ins and variables, C(daemon.json))
    and names what would open it to a network without client certificates, or keep it from starting.
  - Changes nothing, and never returns a value of the configuration.
options:
  config:
    description: What C(daemon.json) shall hold, all of it.
    type: dict
    required: true
  config_file:
    description: The file that the engine reads.
    type: path
    default: /etc/docker/daemon.json
  record:
    description:
      - A copy of O(config_file), written whenever the engine has taken it on a reload. It counts only for an engine
        that was started before the copy was written.
    type: path
    default: /run/bulkhead/daemon.json
  drop_in:
    description: The drop-in of the engine's service that adds O(remote).
    type: path
    default: ""
  remote:
    description: Flags for clients in the network, which O(drop_in) adds to the engine's command. Empty for none.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: The module only reads.
    support: full
  diff_mode:
    description: The module only reads.
    support: none
author:
  - The Bulkhead authors (@bulkhead)
"""

EXAMPLES = r"""
- name: Ask what the new configuration needs
  bulkhead.classroom.engine_config_info:
    config: {live-restore: true, labels: [room=1]}
  register: engine_config

- name: Refuse an engine that is open to a network
  ansible.builtin.assert:
    that: engine_config.problems | length == 0
    fail_msg: "{{ engine_config.problems | join('; ') }}"
"""

RETURN = r"""
problems:
  description: Why the engine must not run like this, each with its cure.
  type: list
  elements: str
  returned: success
action:
  description: What the running engine needs. V(none) also where none runs.
  type: str
  returned: success
  sample: reload
reasons:
  description: The keys, or what else, because of which it needs that.
  type: list
  elements: str
  returned: success
  sample: [labels]
command:
  description: The engine's command in its unit, without O(drop_in). Empty where there is no unit.
  type: str
  returned: success
  sample: /usr/sbin/dockerd -H fd:// $DOCKER_OPTS
"""

import socket
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_config import (
    NOTHING,
    RESTART,
    Saved,
    decide,
    running,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_listening import (
    Units,
    endpoints,
    environment,
    environment_files,
    listens_otherwise,
    problems,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import unit_files

SERVICE = "docker.service"
ARGUMENT_SPEC = {
    "config": {"type": "dict", "required": True},
    "config_file": {"type": "path", "default": "/etc/docker/daemon.json"},
    "record": {"type": "path", "default": "/run/bulkhead/daemon.json"},
    "drop_in": {"type": "path", "default": ""},
    "remote": {"type": "list", "elements": "str", "default": []},
}


def run(params: dict[str, Any], root: Path, properties: dict[str, str]) -> dict[str, Any]:
    """`properties` are the service's, as systemctl shows them; `root` is / but in tests."""
    units = read_units(root, params["drop_in"])
    pid = int(properties.get("MainPID") or 0)
    runs = properties.get("ActiveState") in ("active", "reloading") and pid > 0
    given = (root / f"proc/{pid}/cmdline").read_text("utf-8", "replace").split("\0")[1:] if runs else []
    action, reasons = NOTHING, []
    if runs:
        since = int(properties["ActiveEnterTimestamp"].lstrip("@"))
        have = running(since, saved(root, params["config_file"]), saved(root, params["record"]))
        action, reasons = decide(have, params["config"])
        otherwise = listens_otherwise(given, units, params["remote"])
        if otherwise:
            action, reasons = RESTART, [*reasons, otherwise]
    unusable = [_unusable(*one) for one in sorted(endpoints(params["remote"]) - endpoints(given))]
    command = units.command()
    return {
        "changed": False,
        "problems": [*problems(units, params["config"], params["remote"]), *filter(None, unusable)],
        "action": action,
        "reasons": reasons,
        "command": command.text if command else "",
    }


def read_units(root: Path, drop_in: str) -> Units:
    service = unit_files.find(SERVICE, root)
    paths = [path for path in environment_files(service) if (root / path.lstrip("/")).is_file()]
    texts = {path: (root / path.lstrip("/")).read_text("utf-8", "replace") for path in paths}
    return Units(service, unit_files.find("docker.socket", root), environment(service, texts), drop_in)


def saved(root: Path, path: str) -> Saved | None:
    found = root / path.lstrip("/")
    return Saved(found.read_text("utf-8", "replace"), found.stat().st_mtime) if found.is_file() else None


def _unusable(address: str, port: int) -> str:
    """Why the engine could not listen there; it would not start then."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as error:
            return (
                f"The engine cannot listen at {address}, port {port} ({error.strerror}), and would not start: "
                "engine_host_remote_address has to be an address of this host, and the port free"
            )
    return ""


def read_properties(module: Any) -> dict[str, str]:
    wanted = "--property=ActiveState,ActiveEnterTimestamp,MainPID"
    command = ["systemctl", "show", "--timestamp=unix", wanted, SERVICE]
    code, output, errors = module.run_command(command)
    if code:
        module.fail_json(msg=f"{' '.join(command)} failed ({code}): {errors.strip()}")
    return dict(line.partition("=")[::2] for line in output.splitlines())


def main() -> None:
    # no_log keeps the configuration out of the host's system log.
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True, no_log=True)
    try:
        module.exit_json(**run(module.params, Path("/"), read_properties(module)))
    except (OSError, ValueError) as error:
        module.fail_json(msg=f"The engine's configuration could not be read: {error}")


if __name__ == "__main__":
    main()
