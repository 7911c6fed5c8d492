# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names of variables look like a secret's."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.secret_names import secret_variables


@pytest.mark.parametrize(
    "name", ["DB_PASSWORD", "NPM_TOKEN", "dbpassword", "AWS_SECRET_ACCESS_KEY", "API_KEY", "AUTH", "MYSQL_PWD"]
)
def test_a_secret_is_named_and_its_value_is_not(name):
    assert secret_variables([f"{name}=hunter2"]) == [name]


@pytest.mark.parametrize(
    "entry",
    [
        "PATH=/usr/bin",
        "PWD=/home",
        "OLDPWD=/",
        "AUTHOR=ada",
        "TOKENIZER=fast",
        "GPG_KEY=E3FF2839C048B25C",
        # Where a secret lies is none.
        "DB_PASSWORD_FILE=/run/secrets/db",
        "SSH_AUTH_SOCK=/run/agent",
        # Without a value, and no name at all: what a program wrote over its environment may be anything.
        "DB_PASSWORD=",
        "DB_PASSWORD",
        "nginx: worker with token abc=1",
        "token abc=1",
    ],
)
def test_others_are_not_named(entry):
    assert secret_variables([entry]) == []


def test_names_are_sorted_and_told_once():
    assert secret_variables(["B_TOKEN=1", "A_TOKEN=2", "B_TOKEN=3"]) == ["A_TOKEN", "B_TOKEN"]
