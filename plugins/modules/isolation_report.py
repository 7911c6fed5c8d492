# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Only the documentation: what it does is in plugins/action, because it runs on the controller.
DOCUMENTATION = r"""
module: isolation_report
short_description: Print a verdict on the terminal of the controller
version_added: 0.1.0
author:
  - The Bulkhead authors (@bulkhead)
description:
  - Prints what is wrong with evidence and remedy, what waivers accept, waivers that do nothing, and tables of
    containers, hosts, images and networks by concept, the worst first.
  - Colours only where Ansible itself has some, which is on a terminal; E(ANSIBLE_NOCOLOR) and E(ANSIBLE_FORCE_COLOR)
    say otherwise.
  - Needs no connection to a host. It changes nothing, and does not fail when the verdict is red.
attributes:
  action:
    support: full
    description: Runs on the controller.
  check_mode:
    support: full
    description: It only prints, so check mode makes no difference.
  diff_mode:
    support: full
    description: There is never a difference, because nothing changes.
  platform:
    support: full
    description: Runs where Ansible runs.
    platforms: posix
options:
  verdict:
    description: What P(bulkhead.classroom.isolation_verdict#filter) returned.
    type: dict
    required: true
seealso:
  - plugin: bulkhead.classroom.isolation_verdict
    plugin_type: filter
  - plugin: bulkhead.classroom.isolation_report_lines
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the verdict
  bulkhead.classroom.isolation_report:
    verdict: "{{ verdict }}"
  run_once: true
"""

RETURN = r"""
"""
