# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of the good document's workspaces."""

from __future__ import annotations

from typing import Any

from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.facts_reach import IMAGE, IMAGE_ID

NAME = "registry.classroom.test/course/base:1"


def _fact(value: Any, path: str) -> dict[str, Any]:
    return {"value": value, "path": path}


def store() -> dict[str, Any]:
    return _fact({"names": {NAME: IMAGE_ID}, "nameless": []}, "/images/json")


def image(users: list[str]) -> dict[str, Any]:
    told = {
        "digests": ("RepoDigests", [IMAGE]),
        "made": ("Created", {"created": "2026-06-01T12:00:00Z", "size": 120_000_000}),
        "user": ("Config.User", "1000:1000"),
        "healthcheck": ("Config.Healthcheck", True),
        "ports": ("Config.ExposedPorts", ["8080/tcp"]),
        "variables": ("Config.Env", []),
        "labels": ("Config.Labels", []),
    }
    return {
        "id": IMAGE_ID,
        "name": NAME,
        "names": [NAME],
        "users": users,
        **{key: _fact(value, f"inspect {NAME} {field}") for key, (field, value) in told.items()},
        "layers": _fact(layers(), "inspect GraphDriver.Data"),
        "history": _fact(history(), f"/images/{IMAGE_ID}/history"),
        "stack": _fact(stack(), f"/images/{IMAGE_ID}/history"),
    }


def layers() -> dict[str, Any]:
    return {
        "driver": "overlay2",
        "directories": 3,
        "entries": 9000,
        "cut": False,
        "error": "",
        "setid": [],
        "devices": [],
        "credentials": [],
    }


def stack() -> list[dict[str, Any]]:
    made = (("base", 80_000_000, "ADD"), ("tools", 40_000_000, "RUN"))
    return [
        {"digest": f"sha256:{name}", "chain": f"sha256:{name}", "bytes": size, "made_by": word}
        for name, size, word in made
    ]


def history() -> dict[str, Any]:
    return {"steps": 5, "told": 5, "add": [], "update_alone": [], "unverified": [], "secrets": []}
