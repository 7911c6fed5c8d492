# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""BuildKit through 'docker buildx': the API alone cannot start it, because the client has to serve it the context."""

from __future__ import annotations

import os
import selectors
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import EngineError
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_log import NO_SPACE, of_buildkit
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_spec import Spec, secret_args

PROGRAM = "docker"
# The builder inside the engine: the image lies in the engine when it is done. 'provenance' would change its digest.
FIXED = ("--builder", "default", "--load", "--progress", "plain", "--provenance", "false")


def client(connection: Mapping[str, Any]) -> list[str]:
    """The engine's client with the module's connection in its own words."""
    words = [PROGRAM, "--host", str(connection["docker_host"])]
    if not connection.get("tls"):
        return words
    if connection.get("tls_hostname"):
        raise EngineError("The engine's client cannot ask for tls_hostname", cure="Leave it out, or builder at engine.")
    words.append("--tlsverify" if connection.get("validate_certs", True) else "--tls")
    flags = {"--tlscacert": "ca_path", "--tlscert": "client_cert", "--tlskey": "client_key"}
    return words + [f"{flag}={connection[name]}" for flag, name in flags.items() if connection.get(name)]


def command(spec: Spec, labels: Mapping[str, str], id_file: str) -> list[str]:
    """What to build. Names of images are given afterwards, when the context was seen to be what it was."""
    words = ["buildx", "build", *FIXED, "--iidfile", id_file, "--file", str(Path(spec.path, spec.dockerfile))]
    hidden = secret_args({"args": spec.args})
    for name, value in spec.args.items():
        # Everybody on the host reads the arguments of a process, and nobody else its environment.
        words += ["--build-arg", name if name in hidden else f"{name}={value}"]
    words += [word for name, value in {**spec.labels, **labels}.items() for word in ("--label", f"{name}={value}")]
    words += [word for name, value in spec.extra_hosts.items() for word in ("--add-host", f"{name}:{value}")]
    single = {"--target": spec.target, "--platform": spec.platform, "--network": spec.network}
    words += [word for flag, value in single.items() if value for word in (flag, value)]
    return [*words, *(["--no-cache"] if spec.no_cache else []), "--", spec.path]


def build(spec: Spec, labels: Mapping[str, str], connection: Mapping[str, Any], patience: int) -> str:
    """Builds, and returns the id of the image. It may be silent for `patience` seconds."""
    where = str(Path(spec.path, spec.dockerfile))
    with tempfile.TemporaryDirectory(prefix="bulkhead-") as folder:
        id_file = Path(folder, "id")
        words = [*client(connection), *command(spec, labels, str(id_file))]
        try:
            status, log = _run(words, {**os.environ, **secret_args({"args": spec.args})}, patience)
        except FileNotFoundError as error:
            raise EngineError(f"{_cannot(spec)} there is no program {PROGRAM} on this host", cure=_INSTALL) from error
        if status == 0:
            return id_file.read_text().strip()
    if status is None:
        raise EngineError(f"{_cannot(spec)} buildx said nothing for {patience} s", where, "Raise api_timeout.")
    if any(words in log for words in _NO_BUILDX):
        raise EngineError(f"{_cannot(spec)} the engine's client on this host has no buildx", where, _INSTALL)
    step, said, tail = of_buildkit(log)
    at = f" at {step}" if step else ""
    cure = NO_SPACE if "no space left" in log.lower() else "Correct what failed."
    raise EngineError(f"{_cannot(spec)} {said.rstrip('.')}{at}", where, f"{cure} The log ends:\n{tail}")


_INSTALL = "Install it (Debian package docker-buildx), or set builder to engine."
_NO_BUILDX = ("unknown command: docker buildx", "'buildx' is not a docker command", "unknown flag: --builder")


def _cannot(spec: Spec) -> str:
    return f"Cannot build {spec.name}:"


def _run(words: list[str], environment: Mapping[str, str], patience: int) -> tuple[int | None, str]:
    """The exit status (None: it was silent for too long, and ended) and all that it said."""
    said: list[bytes] = []
    with (
        subprocess.Popen(
            words,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process,
        selectors.DefaultSelector() as output,
    ):
        descriptor = process.stdout.fileno() if process.stdout else -1
        output.register(descriptor, selectors.EVENT_READ)
        while output.select(patience):
            block = os.read(descriptor, 1 << 16)
            if not block:
                return process.wait(), b"".join(said).decode("utf-8", "replace")
            said.append(block)
        process.kill()
    return None, ""
