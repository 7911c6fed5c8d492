# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Only the documentation: what it does is in plugins/action, because it runs on the controller.
DOCUMENTATION = r"""
module: isolation_judge
short_description: Judge what isolation_info found on all hosts of the play
version_added: 0.1.0
author:
  - The Bulkhead authors (@bulkhead)
description:
  - Judges the facts of all hosts together, prints what is wrong with evidence and remedy, what waivers accept, waivers
    that do nothing, and tables by concept, the worst first; then what is different from the last run.
  - Colours only where Ansible itself has some, which is on a terminal; E(ANSIBLE_NOCOLOR) and E(ANSIBLE_FORCE_COLOR)
    say otherwise.
  - Fails when a finding is red that no waiver accepts, after everything has been written.
  - Runs on the controller. A report that is written is no change.
attributes:
  action:
    support: full
    description: Runs on the controller.
  check_mode:
    support: full
    description: It judges what is there, and writes the reports as always.
  diff_mode:
    support: full
    description: There is never a difference, because nothing changes.
  platform:
    support: full
    description: Runs where Ansible runs.
    platforms: posix
options:
  variable:
    description:
      - Name of the variable in which each host of the play has the result of M(bulkhead.classroom.isolation_info). A
        host without it counts as one that could not be read.
    type: str
    required: true
  probes:
    description:
      - Name of the variable in which each host of the play has the result of M(bulkhead.classroom.isolation_probe),
        when probes were asked for. A host without it, or where it was skipped or failed, is an error of the verdict.
    type: str
  policy:
    description: What is expected; the keys are those of P(bulkhead.classroom.isolation_verdict#filter).
    type: dict
  waivers:
    description: Accepted findings, as in P(bulkhead.classroom.isolation_verdict#filter).
    type: list
    elements: dict
  reports:
    description: Files on the controller, mode 0640, with their folders. What is empty is not written.
    type: dict
    default: {}
    suboptions:
      json:
        description: Every finding, in the form of C(isolation.schema.json) of the role isolation_audit.
        type: path
      html:
        description: One page that fetches nothing. Its parts come from the role isolation_audit.
        type: path
      junit:
        description: JUnit XML.
        type: path
      sarif:
        description: What is red, as SARIF 2.1.0 for code scanning.
        type: path
      oscal:
        description: OSCAL assessment results.
        type: path
      xccdf:
        description: XCCDF 1.2, as OpenSCAP writes it.
        type: path
      history:
        description: What the last 20 runs found. It is read first.
        type: path
seealso:
  - module: bulkhead.classroom.isolation_info
  - plugin: bulkhead.classroom.isolation_verdict
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read the facts
  bulkhead.classroom.isolation_info:
  register: isolation
  failed_when: false
  ignore_unreachable: true

- name: Judge them together
  bulkhead.classroom.isolation_judge:
    variable: isolation
    policy:
      profile: baseline
      selinux: where_present
    reports:
      json: "{{ playbook_dir }}/reports/isolation.json"
  run_once: true
"""

RETURN = r"""
ansible_facts:
  description: Facts of every host of the play.
  returned: always
  type: dict
  contains:
    isolation_audit_verdict:
      description: The verdict, with only those findings that are red.
      type: dict
"""
