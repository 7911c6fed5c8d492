# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the documentation are arguments that the modules take."""

from __future__ import annotations

import copy
import importlib
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

ROOT = Path(__file__).parents[4]
PREFIX = "bulkhead.classroom."
MODULES = ["container_fleet", *sorted(path.stem for path in (ROOT / "plugins/modules").glob("image_*.py"))]


def load(name):
    return importlib.import_module(f"ansible_collections.bulkhead.classroom.plugins.modules.{name}")


@pytest.mark.parametrize("name", MODULES)
def test_examples_fit_the_arguments(name):
    module = load(name)
    tasks = [task[PREFIX + name] for task in yaml.safe_load(module.EXAMPLES) if PREFIX + name in task]
    assert tasks
    for arguments in tasks:
        # A copy: the validator writes into the specification's defaults.
        validator = ArgumentSpecValidator(copy.deepcopy(module.ARGUMENT_SPEC))
        assert validator.validate(arguments).error_messages == []


def test_a_wrong_example_would_be_seen():
    spec = load("image_pull").ARGUMENT_SPEC
    assert ArgumentSpecValidator(spec).validate({"images": [{"nmae": "a"}]}).error_messages
