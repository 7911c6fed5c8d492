#!/usr/bin/python
# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: container_fleet
short_description: Converge a list of containers and their networks in one call
version_added: 0.1.0
description:
  - Makes the containers of a fleet what the task says. They are read with one list call and one inspect each, compared
    property by property, and converged several at a time.
  - Limits, the restart policy and further networks change while the container runs. Everything else replaces it, and
    the diff names the property.
  - Limits are compared with what the engine reports, and on an engine of this host also with what the control groups
    really hold.
  - A container is replaced only after its successor (C(<name>.next)) was created. An interrupted run is finished by the
    next one.
  - An option that is dropped from the task is noticed, and taken back.
  - Members are known by their labels C(org.bulkhead.fleet) and C(org.bulkhead.container). A container without them is
    never touched, even if it has a name that the task wants; that is an error, unless O(force) says otherwise.
  - A limit that the engine's kernel cannot keep is an error. The engine itself would drop it and report success.
  - A container that fails does not hold up the others. At the end the task fails, and names each.
  - With nothing to do, and an engine of this host, the docker SDK is not needed and not loaded.
  - Removals and stops are done one by one on engines before 23.0, which can deadlock on concurrent ones (moby#46661).
  - Options that are not listed here are left alone, and containers have the engine's defaults there.
options:
  name:
    description: Name of the fleet.
    type: str
    required: true
  labels:
    description: Labels that every container and network of the fleet gets.
    type: dict
    default: {}
  networks:
    description: Networks of the fleet. A network that differs is replaced, its members stay up and are connected again.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the network.
        type: str
        required: true
      driver:
        description: Driver.
        type: str
        default: bridge
      internal:
        description: Whether there is no way out of the network.
        type: bool
        default: false
      options:
        description: Options of the driver, like C(com.docker.network.bridge.enable_icc). Quote booleans.
        type: dict
        aliases: [driver_opts]
      labels:
        description: Labels of the network.
        type: dict
      subnet:
        description: Subnet, like V(172.30.5.0/24). Without it the engine takes one from its pools.
        type: str
      gateway:
        description: The host's address in O(networks[].subnet).
        type: str
  state:
    description:
      - What shall be of the containers that do not say so. V(absent) removes all that are listed, and the networks.
      - V(restarted) stops and starts those that run, each time, and is V(started) for the others.
    type: str
    choices: [started, stopped, absent, restarted]
    default: started
  prune:
    description: Removes members and networks of the fleet that are not listed.
    type: bool
    default: false
  force:
    description:
      - Replaces or removes a container that is not of this fleet but has a name that the task wants, be it of another
        fleet. It is removed when what replaces it exists.
    type: bool
    default: false
  parallel:
    description:
      - How many containers are worked on at the same time. More than 8 gains nothing.
    type: int
    default: 8
extends_documentation_fragment:
  - bulkhead.classroom.engine
  - bulkhead.classroom.container
attributes:
  check_mode:
    description:
      - Predicts the same steps. An image or network that is missing counts as one that an earlier task would have made.
    support: full
  diff_mode:
    description: Shows every property before and after. Values of the environment are hidden.
    support: full
author:
  - The Bulkhead authors (@bulkhead)
seealso:
  - module: bulkhead.classroom.image_pull
"""

EXAMPLES = r"""
- name: Run two workspaces
  bulkhead.classroom.container_fleet:
    name: workspaces
    prune: true
    networks:
      - name: quiet
        internal: true
        options:
          com.docker.network.bridge.enable_icc: "false"
    defaults:
      image: course/workspace:1
      memory: 256m
      memory_swap: 256m
      cpus: 0.5
      pids_limit: 64
      cap_drop: [ALL]
      security_opts: [no-new-privileges]
      read_only: true
      tmpfs:
        /tmp: size=16m,mode=1777
      networks:
        - name: quiet
    containers:
      - name: ada
      - name: grace
        memory: 512m
        memory_swap: 512m

- name: Run a service when what it needs is healthy
  bulkhead.classroom.container_fleet:
    name: board
    networks:
      - name: board
    defaults:
      memory: 64m
      init: true
      restart_policy: unless-stopped
      log_driver: json-file
      log_options:
        max-size: 1m
      networks:
        - name: board
    containers:
      - name: board-page
        image: course/page:1
        depends_on: [board-store]
        ports: ["127.0.0.1::8000"]
      - name: board-store
        image: course/store:1
        volumes: ["board-data:/data"]
        healthcheck:
          test: [CMD-SHELL, test -d /data]
          interval: 1s
        wait_healthy: 60

- name: Restart the service each time
  bulkhead.classroom.container_fleet:
    name: board
    networks:
      - name: board
    containers:
      - name: board-page
        image: course/page:1
        memory: 64m
        init: true
        networks:
          - name: board
        state: restarted

- name: Remove the fleet, whatever belongs to it
  bulkhead.classroom.container_fleet:
    name: workspaces
    state: absent
    prune: true

- name: Remove the other one too
  bulkhead.classroom.container_fleet:
    name: board
    state: absent
    prune: true
"""

RETURN = r"""
containers:
  description: One entry per listed container, in the order of O(containers), then those that were pruned.
  returned: always
  type: list
  elements: dict
  contains: &contains
    name:
      description: Name.
      type: str
      returned: always
    action:
      description:
        - What was done, or would be in check mode; V(none), V(create), V(recreate), V(remove), V(update), V(start) or
          V(stop).
      type: str
      returned: always
    changes:
      description: The properties that differed, each with RV(ignore:property), RV(ignore:before) and RV(ignore:after).
      type: list
      elements: dict
      returned: always
    error:
      description: Why it could not be done, and what to do; null when it could.
      type: str
      returned: always
    id:
      description: Id of a container; null when there is none. Networks have no such entry.
      type: str
      returned: always
networks:
  description: One entry per network of the fleet.
  returned: always
  type: list
  elements: dict
  contains: *contains
steps:
  description: All steps in words.
  returned: always
  type: list
  elements: str
  sample: ["create network quiet", "recreate container ada (image, cap_drop)"]
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.container_params import (
    check_name,
    from_params,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet import Observed, Plan, Wish, plan
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_arguments import ARGUMENT_SPEC
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_kernel import ControlGroups
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_observe import observe
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_order import (
    mistakes as order_mistakes,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_outcome import Outcome
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.fleet_report import report
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.networks import network_from_params
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.ports import clashes
from ansible_collections.bulkhead.classroom.plugins.module_utils.containers.profiles import with_profiles
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError, SdkMissing
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.late_containers import LateContainers
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.units import SpecError


def run(params: dict[str, Any], engine: Any, check_mode: bool, groups: Any = None) -> dict[str, Any]:
    wish = wished(params)
    observed = observe(wish, engine, params["parallel"], groups)
    steps = plan(wish, observed, lenient=check_mode)
    return report(wish, observed, steps, Outcome() if check_mode else applied(steps, observed, engine, params))


def applied(steps: Plan, observed: Observed, engine: Any, params: dict[str, Any]) -> Outcome:
    if not (steps.steps or steps.network_steps or steps.waits):
        return Outcome()
    # Late, because it loads the docker SDK: a task that has nothing to do takes half of the time without.
    from ansible_collections.bulkhead.classroom.plugins.module_utils.containers import fleet_apply  # noqa: PLC0415

    return fleet_apply.apply(steps, observed.members, engine, params["parallel"])


def wished(params: dict[str, Any]) -> Wish:
    """What the task declares; every mistake in it is named at once, before anything is changed."""
    fleet, drop = params["name"], params["state"] == "absent"
    common = {"state": params["state"], **_given(params["defaults"])}
    mistakes: list[str] = []

    def attempt(make: Any, *arguments: Any) -> Any:
        try:
            return make(*arguments)
        except SpecError as error:
            mistakes.append(str(error))

    def container(options: dict[str, Any]) -> Any:
        options = {**options, "state": "absent"} if drop else options
        return from_params(with_profiles(options), with_profiles(common), fleet, params["labels"])

    attempt(check_name, fleet)
    containers = [attempt(container, one) for one in params["containers"]]
    networks = [attempt(network_from_params, one, fleet, params["labels"]) for one in params["networks"]]
    for option in ("containers", "networks"):
        names = [one["name"] for one in params[option]]
        mistakes += [f"{option}: {name} is listed twice" for name in sorted(set(names)) if names.count(name) > 1]
    if not mistakes:
        mistakes += order_mistakes(containers) + clashes([(spec.name, spec.ports) for spec in containers if spec.up])
    if params["parallel"] < 1:
        mistakes.append("parallel: give 1 or more")
    if mistakes:
        raise SpecError("Nothing was changed, because the task has mistakes: " + " | ".join(mistakes))
    return Wish(fleet, tuple(containers), tuple(networks), params["prune"], drop, params["force"])


def _given(options: dict[str, Any] | None) -> dict[str, Any]:
    return {name: value for name, value in (options or {}).items() if value is not None}


def main() -> None:
    module = AnsibleModule(ARGUMENT_SPEC, supports_check_mode=True)
    engine = LateContainers(module.params)
    try:
        result = run(module.params, engine, module.check_mode, ControlGroups(Kernel()) if engine.local else None)
    except SdkMissing as error:
        module.fail_json(msg=missing_required_lib("docker"), exception=str(error))
    except (SpecError, EngineError) as error:
        module.fail_json(msg=str(error))
    for text in result.pop("warnings"):
        module.warn(text)
    (module.fail_json if result.get("failed") else module.exit_json)(**result)


if __name__ == "__main__":
    main()
