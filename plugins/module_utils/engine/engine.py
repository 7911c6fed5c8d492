# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The connection to a container engine: the only file that imports the docker SDK."""

from __future__ import annotations

import re
import socket
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ansible_collections.bulkhead.classroom.plugins.module_utils.engine import engine_arguments
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.engine_error import (
    EngineError,
    SdkMissing,
    StreamError,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.engine.troubles import (
    KNOWN,
    LOG,
    UNKNOWN,
    cure_for_status,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.build_log import NO_SPACE

if TYPE_CHECKING:
    from docker import APIClient


@contextmanager
def _unloaded(module: str) -> Iterator[None]:
    """For whoever imports it inside the block, the module is not installed."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]


T = TypeVar("T")
SDK_TRACEBACK: str | None = None
try:
    # The SDK takes paramiko when it is there. That needs as long as the whole rest, and only ssh:// uses it.
    with _unloaded("paramiko"):
        import docker
        import docker.api.client
        import docker.errors
        import docker.tls
        import requests
        import urllib3
except ImportError:
    SDK_TRACEBACK = traceback.format_exc()

# Whoever connects needs these too.
ENGINE_ARGUMENTS = engine_arguments.ENGINE_ARGUMENTS
DEFAULT_HOST = engine_arguments.DEFAULT_HOST
MINIMUM_API = "1.41"
# The SDK keeps 10 connections by default; more workers than that would discard and reopen connections all the time.
POOL_SIZE = 32


def connect(params: Mapping[str, Any]) -> APIClient:
    """A low-level client for the engine that `params` (see ENGINE_ARGUMENTS) names. SdkMissing: there is no SDK."""
    if SDK_TRACEBACK:
        raise SdkMissing(SDK_TRACEBACK)
    host = params.get("docker_host") or DEFAULT_HOST
    wanted = _wanted_version(params.get("api_version") or "auto", host)
    if host.startswith("ssh://"):
        _load_ssh()
    with _connecting(host):
        client = docker.APIClient(
            base_url=host,
            version=wanted,
            timeout=params.get("api_timeout") or 60,
            tls=_tls(params, host),
            use_ssh_client=bool(params.get("use_ssh_client")),
            max_pool_size=POOL_SIZE,
        )
    if _version(client.api_version) < _version(MINIMUM_API):
        raise EngineError(
            f"The container engine speaks API {client.api_version}, and {MINIMUM_API} is needed",
            host,
            "Install Docker 20.10 or later on that host.",
        )
    return client


def _load_ssh() -> None:
    """Gives the SDK what it did not get above. Without paramiko it says itself that this is missing."""
    with suppress(ImportError):
        from docker.transport.sshconn import SSHHTTPAdapter  # noqa: PLC0415

        docker.api.client.SSHHTTPAdapter = SSHHTTPAdapter  # type: ignore[attr-defined]


def require_api(client: Any, version: str, what: str, release: str) -> None:
    """Refuses what this engine's API lacks, because an engine drops silently what it does not know."""
    if _version(client.api_version) < _version(version):
        raise EngineError(
            f"{what} needs API {version}, and the engine speaks {client.api_version}",
            cure=f"Install Docker {release} or later on that host, or do without.",
        )


@contextmanager
def _connecting(host: str) -> Iterator[None]:
    try:
        with errors("Cannot connect to the container engine", where=host):
            yield
    except EngineError as error:
        if not host.startswith("ssh://") or error.status is not None:
            raise
        where = host[len("ssh://") :]
        cure = (
            f"Check that 'ssh {where} docker version' answers without a question there: known host key, key without "
            "passphrase or an agent, and a user who may use the engine. The Python of this host needs paramiko."
        )
        raise EngineError(error.what, host, cure) from error


@contextmanager
def errors(what: str, where: str = "") -> Iterator[None]:
    """Turns whatever the SDK raises inside the block into an EngineError that begins with `what`."""
    try:
        yield
    except _foreign() as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        detail, cure = _explain(error)
        raise EngineError(f"{what}: {detail}".rstrip(". "), where, cure, status) from error


def look(what: str, call: Callable[[], T]) -> T | None:
    """What `call` finds, or None where the engine has nothing of that name."""
    try:
        with errors(what):
            return call()
    except EngineError as error:
        if error.status == 404:
            return None
        raise


def _foreign() -> tuple[type[BaseException], ...]:
    # The SDK loads paramiko for ssh:// when it is there, and lets its errors through.
    paramiko: Any = sys.modules.get("paramiko")
    ssh = (paramiko.SSHException, paramiko.ssh_exception.NoValidConnectionsError) if paramiko else ()
    return (
        *ssh,
        StreamError,
        docker.errors.DockerException,
        requests.exceptions.RequestException,
        urllib3.exceptions.HTTPError,
        ConnectionError,
        TimeoutError,
        socket.gaierror,
    )


def _explain(error: BaseException) -> tuple[str, str]:
    """What the engine or the network said, and what to do about it."""
    if "HTTP request to an HTTPS server" in str(error):
        return "it speaks TLS", "Set tls, ca_path, client_cert and client_key."
    for cause in _causes(error):
        for kinds, detail, cure in KNOWN:
            if kinds and isinstance(cause, _resolve(kinds)):
                return detail or str(cause), cure
    if isinstance(error, docker.errors.APIError):
        status = error.response.status_code if error.response is not None else None
        said = str(error.explanation or error)
        return said, _cure_for_words(said) if status is None or status >= 500 else cure_for_status(status)
    if isinstance(error, StreamError):
        return str(error), _cure_for_words(str(error))
    return str(error), UNKNOWN


def _resolve(name: str) -> tuple[type[BaseException], ...]:
    # Late, because requests may be missing.
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


def _cure_for_words(said: str) -> str:
    words = said.lower()
    if any(word in words for word in ("unauthorized", "denied", "no basic auth", "forbidden", "http 401", "http 403")):
        return cure_for_status(401)
    if "no space left" in words:
        return NO_SPACE
    if "not found" in words or "manifest unknown" in words:
        return cure_for_status(404)
    if any(word in words for word in ("connection refused", "no such host", "i/o timeout", "no route", "x509", "eof")):
        return "Check that the registry runs, that this engine reaches it by that name and trusts its certificate."
    return LOG


def _tls(params: Mapping[str, Any], host: str) -> Any:
    if not params.get("tls"):
        return False
    files: dict[str, Any] = {name: params.get(name) for name in ("ca_path", "client_cert", "client_key")}
    if bool(files["client_cert"]) != bool(files["client_key"]):
        raise EngineError("Of client_cert and client_key only one is given", host, "They belong together: give both.")
    for name, path in files.items():
        if path and not Path(path).is_file():
            raise EngineError(f"{name}: there is no file {path}", host, "Copy it to this host, or correct the path.")
    pair = (files["client_cert"], files["client_key"]) if files["client_cert"] else None
    verify = params.get("validate_certs", True)
    adapter = _adapter(params.get("tls_hostname"), verify and (files["ca_path"] or True))

    class Config(docker.tls.TLSConfig):
        """The SDK lets a configuration mount what it likes."""

        def configure_client(self, client: Any) -> None:
            super().configure_client(client)
            client.mount("https://", adapter)

    return Config(client_cert=pair, ca_cert=files["ca_path"], verify=verify)


def _adapter(name: str | None, authority: str | bool) -> Any:
    """HTTPS to a server whose certificate must be for `name`, which the SDK cannot ask for from 7.0 on."""

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
            named: dict[str, Any] = {"assert_hostname": name} if name else {}
            super().init_poolmanager(connections, maxsize, block, **kwargs, **named)

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            # Else REQUESTS_CA_BUNDLE in the environment would win over ca_path.
            return super().send(request, *args, **{**kwargs, "verify": authority})

    return Adapter(pool_maxsize=POOL_SIZE)


def _wanted_version(text: str, host: str) -> str:
    if text != "auto" and not re.fullmatch(r"\d+\.\d+", text):
        raise EngineError(f"api_version: {text!r} is no version", host, "Write auto, or one like 1.41.")
    return text


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
