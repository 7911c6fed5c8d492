# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules for lists of images have in common: their arguments, and how they begin and end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_arguments import ENGINE_ARGUMENTS
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError, SdkMissing
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.late_images import LateImages
from ansible_collections.bulkhead.classroom.plugins.module_utils.input_error import InputError

Arguments = Mapping[str, Mapping[str, Any]]
Run = Callable[[dict[str, Any], Any, bool], dict[str, Any]]

REGISTRY_ARGUMENTS: Arguments = {
    "registry_username": {"type": "str"},
    "registry_password": {"type": "str", "no_log": True},
}


def arguments(image: Arguments, *more: Arguments) -> dict[str, Any]:
    """The argument specification of a module whose images have the options `image`."""
    spec: dict[str, Any] = {
        "images": {"type": "list", "elements": "dict", "required": True, "options": image},
        "parallel": {"type": "int", "default": 4},
        **ENGINE_ARGUMENTS,
    }
    for options in more:
        spec.update(options)
    return spec


def warnings(result: Mapping[str, Any]) -> Iterator[str]:
    """What the images of a result have to say."""
    return (item["warning"] for item in result.get("results", ()) if item.get("warning"))


def main(
    spec: dict[str, Any],
    run: Run,
    *,
    secrets: Callable[[dict[str, Any]], Collection[str]] = lambda params: (),
    engine: Callable[[dict[str, Any]], Any] = LateImages,
    warn: Callable[[dict[str, Any]], Iterable[str]] = warnings,
) -> None:
    """Runs the module on the engine that `engine` opens. What `secrets` finds in its parameters shows in no result."""
    module = AnsibleModule(spec, supports_check_mode=True)
    module.no_log_values.update(secrets(module.params))
    try:
        result = run(module.params, engine(module.params), module.check_mode)
    except SdkMissing as error:
        module.fail_json(msg=missing_required_lib("docker"), exception=str(error))
    except (EngineError, InputError) as error:
        module.fail_json(msg=str(error))
    for line in warn(result):
        module.warn(line)
    leave = module.fail_json if result.get("failed") else module.exit_json
    leave(**result)


def auth(params: Mapping[str, Any]) -> dict[str, str]:
    """Credentials in the engine's words; empty (never absent) without a user, because an engine from 28.3.3 on
    refuses a push that has no authentication header at all."""
    if not params.get("registry_username"):
        return {}
    return {"username": params["registry_username"], "password": params.get("registry_password") or ""}
