#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_state_info
short_description: Read in one call which packages, services, policy modules and settings a host still lacks
version_added: 0.1.0
description:
  - Says which packages are not installed, which units are not enabled, not running, or running with an older
    configuration than the one on disk, and which SELinux policy modules are missing or differ.
  - A role asks this once and then only does what is missing. Asking a package manager that there is nothing to do
    takes half a minute on a slow host; this takes the time of one task.
  - A unit that runs since before one of its files was written is stale. That catches a run that was killed between
    writing a file and restarting its service, which a handler alone would forget.
  - Settings and audit rules are those of the running kernel. Files say what it will have after the next boot.
options:
  packages:
    description: Packages that should be installed.
    type: list
    elements: str
    default: []
  units:
    description: Units that should be enabled and running.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Full name of the unit, like V(nginx.service).
        type: str
        required: true
      files:
        description: The files that the unit reads when it starts. Those that do not exist are passed over.
        type: list
        elements: path
        default: []
  policy_modules:
    description: SELinux policy modules that should be in the store, by name, with their CIL text.
    type: dict
    default: {}
  unwanted_packages:
    description: Packages that must not be installed, because they do the same as others.
    type: list
    elements: str
    default: []
  sysctls:
    description:
      - Kernel settings by name, with the value that they should have.
      - A name is written as in sysctl.d; its first separator, a dot or a slash, separates, and the other one does not.
    type: dict
    default: {}
  audit_rules:
    description: Audit rules that should be loaded, as they stand in a file of C(/etc/audit/rules.d).
    type: str
    default: ""
  tables:
    description: Tables of the packet filter that should be loaded, each as family and name, like V(inet filter).
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
- name: Ask what is missing
  bulkhead.classroom.host_state_info:
    packages: [nginx-light]
    units:
      - name: nginx.service
        files: [/etc/nginx/nginx.conf]
  register: host_state

- name: Install what is missing
  ansible.builtin.package:
    name: "{{ host_state.missing_packages }}"
    state: present
  when: host_state.missing_packages | length > 0
"""

RETURN = r"""
missing_packages:
  description: The packages that are not installed.
  type: list
  elements: str
  returned: success
units:
  description: For each unit whether it exists, is enabled, is active, is stale, and needs a daemon-reload.
  type: list
  elements: dict
  returned: success
  sample: [{name: nginx.service, exists: true, enabled: true, active: true, stale: false, needs_reload: false}]
idle_units:
  description: Names of the units that are not both enabled and active.
  type: list
  elements: str
  returned: success
stale_units:
  description: Names of the units that run since before one of their files was written.
  type: list
  elements: str
  returned: success
selinux_enabled:
  description: Whether the kernel runs with SELinux.
  type: bool
  returned: success
memory_bytes:
  description: Memory of the host.
  type: int
  returned: success
processors:
  description: Processors that are switched on.
  type: int
  returned: success
outdated_policy_modules:
  description: The policy modules to install. Always empty where SELinux is not enabled.
  type: list
  elements: str
  returned: success
present_unwanted_packages:
  description: The unwanted packages that are installed.
  type: list
  elements: str
  returned: success
drifted_sysctls:
  description: The settings that the running kernel has with another value.
  type: dict
  returned: success
  sample: {kernel.kptr_restrict: {wanted: "2", running: "0"}}
missing_sysctls:
  description: The settings that the running kernel does not have.
  type: list
  elements: str
  returned: success
audit_rules_current:
  description:
    - Whether C(/etc/audit/audit.rules) has every line of O(audit_rules) and the running kernel every watch of them.
    - Always true without O(audit_rules).
  type: bool
  returned: success
missing_tables:
  description: The tables that are not loaded. All of them where there is no C(nft).
  type: list
  elements: str
  returned: success
uplinks:
  description: Names of the interfaces with an IPv4 default route.
  type: list
  elements: str
  returned: success
  sample: [eth0]
"""

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import audit, audit_rules, sysctls
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.host_state import (
    UNIT_PROPERTIES,
    HostStateError,
    Unit,
    default_route_interfaces,
    missing_packages,
    missing_tables,
    outdated_policy,
    parse_units,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.policy_store import installed_policy

AUDIT_FILE = "/etc/audit/audit.rules"
ROUTES = Path("/proc/net/route")
UNIT_OPTIONS = {"name": {"type": "str", "required": True}, "files": {"type": "list", "elements": "path", "default": []}}
ARGUMENT_SPEC = {
    "packages": {"type": "list", "elements": "str", "default": []},
    "units": {"type": "list", "elements": "dict", "default": [], "options": UNIT_OPTIONS},
    "policy_modules": {"type": "dict", "default": {}},
    "unwanted_packages": {"type": "list", "elements": "str", "default": []},
    "sysctls": {"type": "dict", "default": {}},
    "audit_rules": {"type": "str", "default": ""},
    "tables": {"type": "list", "elements": "str", "default": []},
}


def run(params: dict[str, Any], module: Any, kernel: Kernel) -> dict[str, Any]:
    units = [
        (unit, unit.stale(modification_times(item["files"]))) for unit, item in read_units(module, params["units"])
    ]
    wanted = params["policy_modules"]
    selinux = bool(module.selinux_enabled())
    packages, unwanted = params["packages"], params["unwanted_packages"]
    listing = package_listing(module, packages + unwanted)
    lacking = missing_packages(unwanted, listing)
    settings = read_settings(kernel, params["sysctls"])
    return {
        "changed": False,
        "missing_packages": missing_packages(packages, listing),
        "present_unwanted_packages": [name for name in unwanted if name not in lacking],
        "units": [unit.as_result(stale) for unit, stale in units],
        "idle_units": [unit.name for unit, _stale in units if not (unit.enabled and unit.active)],
        "stale_units": [unit.name for unit, stale in units if stale],
        "selinux_enabled": selinux,
        "memory_bytes": os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"),
        "processors": os.sysconf("SC_NPROCESSORS_ONLN"),
        "outdated_policy_modules": outdated_policy(wanted, installed_policy(wanted)) if selinux else [],
        "drifted_sysctls": sysctls.drifted(params["sysctls"], settings),
        "missing_sysctls": [name for name in params["sysctls"] if name not in settings],
        "audit_rules_current": rules_current(kernel, params["audit_rules"]),
        "missing_tables": missing_tables(params["tables"], table_listing(module, params["tables"])),
        # Not there where the kernel has no IPv4.
        "uplinks": default_route_interfaces(ROUTES.read_text(encoding="ascii") if ROUTES.exists() else ""),
    }


def package_listing(module: Any, names: list[str]) -> str:
    if not names:
        return ""
    tool = module.get_bin_path("dpkg-query")
    if tool is None:
        raise HostStateError("There is no dpkg-query here: packages can be read on Debian and its relatives only")
    # Exits 1 as soon as one package is unknown and still lists the others.
    _code, output, _errors = module.run_command([tool, "--show", "--showformat=${Package} ${Status}\\n", *names])
    return str(output)


def table_listing(module: Any, names: list[str]) -> str:
    tool = module.get_bin_path("nft", opt_dirs=["/usr/sbin", "/sbin"]) if names else None
    return answer(module, [tool, "list", "tables"]) if tool else ""


def answer(module: Any, command: list[str]) -> str:
    code, output, errors = module.run_command(command)
    if code:
        raise HostStateError(f"{' '.join(command)} failed ({code}): {errors.strip()}")
    return str(output)


def read_units(module: Any, items: list[dict[str, Any]]) -> list[tuple[Unit, dict[str, Any]]]:
    if not items:
        return []
    names = [item["name"] for item in items]
    command = ["systemctl", "show", "--timestamp=unix", f"--property={','.join(UNIT_PROPERTIES)}", *names]
    return list(zip(parse_units(names, answer(module, command)), items))


def modification_times(paths: list[str]) -> list[float]:
    return [os.lstat(path).st_mtime for path in paths if os.path.lexists(path)]


def read_settings(kernel: Kernel, names: Any) -> dict[str, str]:
    """The values of those that this kernel has."""
    facts = {name: kernel.read(sysctls.path_of(name)) for name in names}
    unread = [fact for fact in facts.values() if not fact.known and not fact.error.startswith("ENOENT")]
    if unread:
        raise HostStateError(f"{unread[0].path} could not be read: {unread[0].error}")
    return {name: str(fact.value) for name, fact in facts.items() if fact.known}


def rules_current(kernel: Kernel, wanted: str) -> bool:
    if not wanted:
        return True
    loaded, merged = audit.ask(kernel), kernel.read(AUDIT_FILE)
    if not loaded.known:
        raise HostStateError(
            f"The kernel did not tell its audit rules ({loaded.error}); ask for none where it has none"
        )
    rules = [audit.Rule(*rule) for rule in loaded.value]
    return audit_rules.current(wanted, str(merged.value or ""), rules)


def main() -> None:
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    try:
        module.exit_json(**run(module.params, module, Kernel()))
    except (HostStateError, OSError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
