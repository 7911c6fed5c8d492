# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No secret of a host reaches the document, and nothing that lies in the place of a file stops the reading."""

from __future__ import annotations

import json
import os
from base64 import b64encode

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.junit import junit
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.reports.report import report_lines
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.verdict import verdict
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_host import (
    CONFIGURED,
    CPU,
    DAEMON,
    LOGIN,
    PID,
    REGISTRY,
    TEXTS,
    UNIX,
    FakeHost,
)

# With what breaks a pattern for logins: a slash and an @.
SECRET, HALVES = "hunter2/al@dente", ("hunter2", "dente")
WITH_LOGIN = f"https://user:{SECRET}@mirror.test"
SECRETS = {
    "log-opts": {"splunk-token": SECRET, "syslog-address": f"tcp+tls://u:{SECRET}@log.test", "env": SECRET},
    "proxies": {"http-proxy": WITH_LOGIN, "no-proxy": SECRET},
    "registry-mirrors": [WITH_LOGIN],
    "insecure-registries": [f"user:{SECRET}@registry.test:5000"],
    "labels": [f"token={SECRET}"],
    "cluster-store-opts": {"kv.password": SECRET},
    "builder": {"Entitlements": {"x": SECRET}},
    "hosts": [f"tcp://u:{SECRET}@127.0.0.1:2376"],
    "unheard-of": SECRET,
}
WORDS = (
    *("--log-opt", f"splunk-token={SECRET}", f"--log-opt=gelf-address=udp://u:{SECRET}@x", "--http-proxy", WITH_LOGIN),
    *(f"--registry-mirror={WITH_LOGIN}", "--label", f"token={SECRET}", f"--unheard-of={SECRET}", SECRET),
    *("-H", f"tcp://u:{SECRET}@0.0.0.0:2376", f"--insecure-registry=u:{SECRET}@registry.test"),
)
AUTHS = {REGISTRY: {"auth": b64encode(SECRET.encode()).decode()}, WITH_LOGIN: {"identitytoken": SECRET}}
READ = (
    *(path for path in TEXTS if path not in (f"/proc/{PID}/comm",)),
    *(DAEMON, f"/proc/{PID}/stat", f"/etc/docker/certs.d/{REGISTRY}", "/run/runc", f"{CPU}/meltdown", CPU),
    *("/proc/sys/kernel/core_pattern", "/proc/sys/net/ipv4/conf/eth0/rp_filter", "/proc/sys/net/ipv4/conf"),
    *("/etc/audit/rules.d", "/etc/containers/registries.conf.d/x.conf", "/lib/systemd/system/docker.service"),
)
ESCAPES = "\x1b[2J\x1b]0;owned\x07\r\n\u202e\u2028\x85\x0b" * 20
KINDS = {
    "names of sockets": UNIX + ESCAPES,
    "empty": "",
    "noise": bytes(range(256)) * 40,
    "long": "x" * 70000,
    "lines": "\n" * 70000,
    "escapes": ESCAPES,
    "broken": '{"default": [{"auths": {"a": ',
    "deep": "[" * 70000,
    "another type": '{"default": 7, "auths": [1], "icc": {"a": []}, "hosts": 7, "exec-root": ["a\\u0000b"]}',
    "a number": "-9999999999999999999999",
}


@pytest.fixture
def host(tmp_path):
    return FakeHost(tmp_path)


def replace(host, path, kind):
    """What lies at a path is gone, and this is there instead."""
    place = host.root / path[1:]
    if place.is_dir() and not place.is_symlink():
        place.rename(host.root / f"gone-{len(list(host.root.iterdir()))}")
    place.unlink(missing_ok=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "folder":
        place.mkdir()
    elif kind == "loop":
        place.symlink_to(place.name)
    elif kind == "pipe":
        os.mkfifo(place)
    else:
        content = KINDS[kind]
        place.write_bytes(content if isinstance(content, bytes) else content.encode())


def judged(host, monkeypatch):
    document = host.gather(monkeypatch)
    result = verdict({"host": json.loads(json.dumps(document))}, {})
    shown = "".join((*report_lines(result), junit(result).replace("\n", "")))
    assert all(char.isprintable() for char in shown)
    return {one["check"]: one["status"] for one in result["findings"] if not one["container"]}


def shown(document):
    text = json.dumps(document, ensure_ascii=False)
    return [half for half in (*HALVES, b64encode(SECRET.encode()).decode()[:8]) if half in text]


def test_no_secret_of_the_configuration_is_in_the_document(host, monkeypatch):
    host.configure({**CONFIGURED, **SECRETS})
    host.write(f"/proc/{PID}/cmdline", "\0".join(("dockerd", *WORDS)))
    host.write(f"/proc/{PID}/environ", f"HTTP_PROXY={WITH_LOGIN}")
    host.write("/etc/default/docker", f"export HTTP_PROXY={WITH_LOGIN}")
    host.info.update(HttpProxy=WITH_LOGIN, HttpsProxy=WITH_LOGIN, Labels=[f"token={SECRET}"], Name=SECRET)
    indexes = {REGISTRY: {"Secure": False, "Mirrors": [WITH_LOGIN]}}
    host.info["RegistryConfig"] = {"Mirrors": [WITH_LOGIN], "IndexConfigs": indexes}
    document = host.gather(monkeypatch)
    assert shown(document) == []
    # What is shown instead says that there is something.
    values = document["host"]["daemon"]["file"]["value"]
    assert values["log-opts"]["splunk-token"] == values["proxies"] == "(not shown)"
    assert values["registry-mirrors"] == ["https://***@mirror.test"]
    assert document["host"]["daemon"]["command"]["value"]["hosts"] == ["tcp://***@0.0.0.0:2376"]


def test_no_password_of_a_registry_is_in_the_document(host, monkeypatch):
    for path in (LOGIN, "/root/.config/containers/auth.json"):
        host.write(path, json.dumps({"auths": AUTHS, "HttpHeaders": {"Authorization": SECRET}}))
    host.write("/run/containers/0/auth.json", json.dumps({"auths": AUTHS}) + SECRET)
    host.write("/etc/containers/registries.conf", f'[[registry]]\nlocation = "u:{SECRET}@r.test"\ninsecure = true\n')
    host.write(f"/etc/docker/certs.d/{REGISTRY}/client.key", SECRET)
    host.write("/etc/audit/audit.rules", f"-w /etc/docker -p wa -k {SECRET}\n")
    document = host.gather(monkeypatch)
    assert shown(document) == []
    logins = document["host"]["registries"]["logins"]
    assert [REGISTRY in str(login["value"]) for login in logins] == [True, True, False] and logins[2]["error"]


@pytest.mark.parametrize(
    "text", [SECRET, f'{{"labels": ["{SECRET}"],}}', f'["{SECRET}"]', f'{{"log-opts": "{SECRET}"}}']
)
def test_no_text_of_a_broken_file_is_in_the_document(host, monkeypatch, text):
    host.configure(text)
    assert shown(host.gather(monkeypatch)) == []


@pytest.mark.parametrize("kind", [*KINDS, "folder", "loop", "pipe"])
def test_hostile_content_everywhere_is_read_and_judged(host, monkeypatch, kind):
    for path in READ:
        replace(host, path, kind)
    found = judged(host, monkeypatch)
    assert found["facts-available"] == "pass" and "error" in found.values()


# Path to the checks that rest on it.
RESTING = {
    DAEMON: {"daemon-userland-proxy", "daemon-no-new-privileges", "daemon-file-in-force", "tls-key-mode"},
    LOGIN: {"registry-passwords"},
    "/etc/containers/policy.json": {"registry-signatures"},
    "/etc/containers/registries.conf": {"registry-podman-tls"},
    "/etc/containers/registries.conf.d": {"registry-podman-tls"},
    "/etc/passwd": {"daemon-users"},
    "/etc/group": {"daemon-users"},
    "/sys/fs/selinux/enforce": {"selinux-enforcing"},
    "/proc/sys/kernel/core_pattern": {"kernel-core-pattern"},
    "/proc/sys/kernel/sysrq": {"kernel-sysrq"},
    "/proc/sys/net/ipv4/conf/eth0/rp_filter": {"kernel-rp-filter", "kernel-route-localnet"},
    "/proc/sys/net/ipv4/conf": {"kernel-rp-filter", "kernel-accept-redirects"},
    CPU: {"kernel-vulnerabilities"},
    f"/proc/{PID}/cmdline": {"daemon-userland-proxy", "daemon-iptables"},
    f"/proc/{PID}/uid_map": {"daemon-rootless"},
    f"/proc/{PID}/net/tcp": {"daemon-tls", "daemon-address"},
    f"/proc/{PID}/net/unix": {"engine-socket-mode", "daemon-users"},
    f"/proc/{PID}/mountinfo": {"daemon-data-partition"},
    "/proc/stat": {"daemon-userland-proxy"},
    "/run/runc": {"containers-known"},
}


@pytest.mark.parametrize("path", RESTING)
@pytest.mark.parametrize("kind", ["folder", "loop", "closed"])
def test_what_cannot_be_read_passes_nothing_that_rests_on_it(host, monkeypatch, path, kind):
    # A folder in the place of a folder is nothing odd.
    if kind == "closed" or (kind == "folder" and (path in (CPU, "/run/runc") or path.endswith(("conf.d", "v4/conf")))):
        host.kernel.closed.add(path)
    else:
        replace(host, path, kind)
    found = judged(host, monkeypatch)
    assert {check: found[check] for check in RESTING[path] if found[check] == "pass"} == {}
