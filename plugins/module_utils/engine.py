# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a container engine: the only file that imports the docker SDK."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docker import APIClient

SDK_TRACEBACK: str | None = None
try:
    import docker
    import docker.errors
    import docker.tls
    import requests
    import urllib3
except ImportError:
    SDK_TRACEBACK = traceback.format_exc()

DEFAULT_HOST = "unix:///var/run/docker.sock"
MINIMUM_API = "1.41"
# The SDK keeps 10 connections by default; more workers than that would discard and reopen connections all the time.
POOL_SIZE = 32

ENGINE_ARGUMENTS: dict[str, dict[str, Any]] = {
    "docker_host": {"type": "str"},
    "tls": {"type": "bool", "default": False},
    "ca_path": {"type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path"},
    "api_timeout": {"type": "int", "default": 60},
}


class EngineError(Exception):
    """Something the engine refused or could not do. `status` is the engine's HTTP status where it gave one."""

    def __init__(self, what: str, where: str = "", cure: str = "", status: int | None = None) -> None:
        self.what, self.where, self.cure, self.status = what, where, cure, status
        place = f" ({where})" if where else ""
        super().__init__(f"{what}{place}." + (f" {cure}" if cure else ""))


class StreamError(Exception):
    """An error that the engine reports in the middle of an answer that began well (a build, a push, a pull)."""


def sdk_missing() -> str | None:
    """The traceback of the failed import, or None when the SDK is there."""
    return SDK_TRACEBACK


def connect(params: Mapping[str, Any]) -> APIClient:
    """A low-level client for the engine that `params` (see ENGINE_ARGUMENTS) names."""
    host = params.get("docker_host") or os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    timeout = params.get("api_timeout") or 60
    with errors("Cannot connect to the container engine", where=host):
        client = docker.APIClient(
            base_url=host, version="auto", timeout=timeout, tls=_tls(params), max_pool_size=POOL_SIZE
        )
    if _version(client.api_version) < _version(MINIMUM_API):
        raise EngineError(
            f"The container engine speaks API {client.api_version}, and {MINIMUM_API} is needed",
            host,
            "Install Docker 20.10 or later on that host.",
        )
    return client


@contextmanager
def errors(what: str, where: str = "") -> Iterator[None]:
    """Turns whatever the SDK raises inside the block into an EngineError that begins with `what`."""
    try:
        yield
    except _foreign() as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        detail, cure = _explain(error)
        raise EngineError(f"{what}: {detail}".rstrip(". "), where, cure, status) from error


def _foreign() -> tuple[type[BaseException], ...]:
    return (
        StreamError,
        docker.errors.DockerException,
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
        ConnectionError,
        TimeoutError,
    )


def _explain(error: BaseException) -> tuple[str, str]:
    """What the engine or the network said, and what to do about it."""
    for cause in _causes(error):
        for kinds, detail, cure in _KNOWN:
            if kinds and isinstance(cause, _resolve(kinds)):
                return detail or str(cause), cure
    if isinstance(error, docker.errors.APIError):
        status = error.response.status_code if error.response is not None else None
        said = str(error.explanation or error)
        return said, _cure_for_words(said) if status is None or status >= 500 else _cure_for_status(status)
    if isinstance(error, StreamError):
        return str(error), _cure_for_words(str(error))
    return str(error), "Check docker_host, and that the engine runs (systemctl status docker)."


# The first match wins. Names are resolved late, because requests may be missing.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        "PermissionError",
        "permission denied",
        "Run the task with become, or let the user into the group that owns the socket.",
    ),
    (
        "FileNotFoundError",
        "the socket does not exist",
        "Install and start the engine (systemctl start docker), or correct docker_host.",
    ),
    (
        "ConnectionRefusedError",
        "connection refused",
        "Start the engine (systemctl start docker), or correct docker_host.",
    ),
    ("SSLError", "", "Check tls, ca_path, client_cert and client_key against the engine's certificates."),
    (
        "Timeout",
        "no answer within the time limit",
        "The engine is overloaded or hangs (engine 20.10.24 can deadlock for good on concurrent removals, moby#46661): "
        "look at its log, restart it when even 'docker ps' or 'docker inspect' hangs, or raise api_timeout.",
    ),
)


def _resolve(name: str) -> tuple[type[BaseException], ...]:
    if name == "SSLError":
        return (requests.exceptions.SSLError,)
    if name == "Timeout":
        return (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError, TimeoutError)
    return (
        {"PermissionError": PermissionError, "FileNotFoundError": FileNotFoundError}.get(name, ConnectionRefusedError),
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and everything below it: the SDK and urllib3 chain some causes and hide others in args or reason."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        current = waiting.pop(0)
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [*current.args, current.__cause__, current.__context__, getattr(current, "reason", None)]


def _cure_for_status(status: int) -> str:
    if status in (401, 403):
        return "Check the credentials and their rights."
    if status == 404:
        return "Check the name, and that it exists on this engine or in that registry."
    if status == 409:
        return "Something else uses it: look at it with 'docker inspect', and remove or rename it."
    return "Correct the value that the engine names."


def _cure_for_words(said: str) -> str:
    words = said.lower()
    if any(word in words for word in ("unauthorized", "denied", "no basic auth", "forbidden", "http 401", "http 403")):
        return _cure_for_status(401)
    if "no space left" in words:
        return (
            "Free space below the engine's data folder, for example with 'docker system df' and 'docker image prune'."
        )
    if "not found" in words or "manifest unknown" in words:
        return _cure_for_status(404)
    if any(word in words for word in ("connection refused", "no such host", "i/o timeout", "no route", "x509", "eof")):
        return "Check that the registry runs, that this engine reaches it by that name and trusts its certificate."
    return "The engine's log says more (journalctl -u docker)."


def _tls(params: Mapping[str, Any]) -> Any:
    if not params.get("tls"):
        return False
    pair = (params["client_cert"], params["client_key"]) if params.get("client_cert") else None
    return docker.tls.TLSConfig(client_cert=pair, ca_cert=params.get("ca_path"), verify=True)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
