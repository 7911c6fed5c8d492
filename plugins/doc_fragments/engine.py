# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  docker_host:
    description:
      - The engine to talk to, for example V(unix:///var/run/docker.sock) or V(tcp://engine.example:2376).
      - Without it the environment variable E(DOCKER_HOST) of the target counts, then V(unix:///var/run/docker.sock).
    type: str
  tls:
    description: Speak TLS with the engine, and verify its certificate.
    type: bool
    default: false
  ca_path:
    description: The certificate authority that signed the engine's certificate, a file on the target.
    type: path
  client_cert:
    description: The certificate that this client shows to the engine, a file on the target.
    type: path
  client_key:
    description: The key of O(client_cert), a file on the target.
    type: path
  api_timeout:
    description: Seconds that the engine may be silent in one call before the call fails.
    type: int
    default: 60
requirements:
  - Docker 20.10 or later (API 1.41)
  - The docker SDK for Python 5.0 or later (Debian package python3-docker)
"""

    REGISTRY = r"""
options:
  registry_username:
    description: The user to log in with. Without it the registry is asked anonymously.
    type: str
  registry_password:
    description: The password of O(registry_username). It goes to the engine with each request, and is written nowhere.
    type: str
"""

    PARALLEL = r"""
options:
  parallel:
    description: How many images are worked on at the same time.
    type: int
    default: 4
"""
