# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  docker_host:
    description:
      - The engine to talk to. V(unix:///var/run/docker.sock) is the target's own, V(tcp://engine.example:2376) another
        one over TLS (see O(tls)), V(ssh://user@engine.example) another one through ssh.
      - Through ssh the engine's own client has to be on that host too, because it is asked for C(docker system
        dial-stdio) there.
      - Without it the environment variable E(DOCKER_HOST) of the target counts.
    type: str
    default: unix:///var/run/docker.sock
  tls:
    description:
      - Speak TLS with the engine. Counts for V(tcp://) only.
      - Without it the environment variables E(DOCKER_TLS_VERIFY) and E(DOCKER_TLS) count.
    type: bool
    default: false
  validate_certs:
    description:
      - With V(false) any certificate is accepted from the engine, which then may be anybody.
    type: bool
    default: true
  tls_hostname:
    description:
      - The name that the engine's certificate must be for, when it is not the one in O(docker_host).
      - Without it the environment variable E(DOCKER_TLS_HOSTNAME) counts.
    type: str
  ca_path:
    description:
      - The certificate authority that signed the engine's certificate, a file on the target.
      - Without it C(ca.pem) in the folder E(DOCKER_CERT_PATH) counts, then the authorities that Python trusts.
    type: path
  client_cert:
    description:
      - The certificate that this client shows to the engine, a file on the target.
      - Without it C(cert.pem) in the folder E(DOCKER_CERT_PATH) counts.
    type: path
  client_key:
    description:
      - The key of O(client_cert), a file on the target.
      - Without it C(key.pem) in the folder E(DOCKER_CERT_PATH) counts.
    type: path
  use_ssh_client:
    description:
      - For V(ssh://), use the target's C(ssh) program with its configuration, instead of a client in Python.
    type: bool
    default: false
  api_version:
    description:
      - The version of the engine's API to speak, for example V(1.43). V(auto) takes the engine's newest.
      - Without it the environment variable E(DOCKER_API_VERSION) counts.
    type: str
    default: auto
  api_timeout:
    description:
      - Seconds that the engine may be silent in one call before the call fails. Builds, pushes and pulls may be silent
        for ten times as long.
      - Without it the environment variable E(DOCKER_TIMEOUT) counts.
    type: int
    default: 60
requirements:
  - Docker 20.10 or later (API 1.41)
  - The docker SDK for Python 5.0 or later (Debian package python3-docker)
  - paramiko, for V(ssh://) in O(docker_host) (Debian package python3-paramiko)
attributes:
  action_group:
    description: Use C(group/bulkhead.classroom.engine) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - bulkhead.classroom.engine
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
