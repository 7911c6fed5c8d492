# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module reaches its engine: the options, and the variables that the engine's own client knows too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.module_utils.common.parameters import env_fallback
from ansible.module_utils.errors import AnsibleFallbackNotFound
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import engine_socket

DEFAULT_HOST = engine_socket.DEFAULT_HOST


def _from_cert_path(name: str) -> str:
    """A file of that name in the folder DOCKER_CERT_PATH, as the engine's own client looks for it."""
    folder = os.environ.get("DOCKER_CERT_PATH")
    if not folder or not Path(folder, name).is_file():
        raise AnsibleFallbackNotFound
    return str(Path(folder, name))


def _path(name: str) -> dict[str, Any]:
    return {"type": "path", "fallback": (_from_cert_path, [name])}


ENGINE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "docker_host": {"type": "str", "default": DEFAULT_HOST, "fallback": (env_fallback, ["DOCKER_HOST"])},
    "tls": {"type": "bool", "default": False, "fallback": (env_fallback, ["DOCKER_TLS_VERIFY", "DOCKER_TLS"])},
    "validate_certs": {"type": "bool", "default": True},
    "tls_hostname": {"type": "str", "fallback": (env_fallback, ["DOCKER_TLS_HOSTNAME"])},
    "ca_path": _path("ca.pem"),
    "client_cert": _path("cert.pem"),
    "client_key": _path("key.pem"),
    "use_ssh_client": {"type": "bool", "default": False},
    "api_version": {"type": "str", "default": "auto", "fallback": (env_fallback, ["DOCKER_API_VERSION"])},
    "api_timeout": {"type": "int", "default": 60, "fallback": (env_fallback, ["DOCKER_TIMEOUT"])},
}
