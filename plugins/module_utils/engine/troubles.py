# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the way of an engine's answer, in words, and what to do about it: the same with and without the SDK."""

from __future__ import annotations

# Kind of error, what it is called (empty: as it says itself), and what helps. The first that fits counts.
KNOWN: tuple[tuple[str, str, str], ...] = (
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
    (
        "SSLError",
        "",
        "Check tls, ca_path, client_cert, client_key and tls_hostname against the engine's certificates.",
    ),
    (
        "Timeout",
        "no answer within the time limit",
        "The engine is overloaded or hangs (engine 20.10.24 can deadlock for good on concurrent removals, moby#46661): "
        "look at its log, restart it when even 'docker ps' or 'docker inspect' hangs, or raise api_timeout.",
    ),
)
UNKNOWN = "Check docker_host, and that the engine runs (systemctl status docker)."
LOG = "The engine's log says more (journalctl -u docker)."


def cure_for_status(status: int) -> str:
    if status in (401, 403):
        return "Check the credentials and their rights."
    if status == 404:
        return "Check the name, and that it exists on this engine or in that registry."
    if status == 409:
        return "Something else uses it: look at it with 'docker inspect', and remove or rename it."
    return "Correct the value that the engine names."


def of_the_system(error: BaseException) -> tuple[str, str]:
    """Detail and cure for an error of the operating system."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, TimeoutError) or "timeout" in names:
        names.add("Timeout")
    for kind, detail, cure in KNOWN:
        if kind in names:
            return detail or str(error), cure
    return str(error) or type(error).__name__, UNKNOWN
