# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What does not belong into an image: found by path and by pattern, told by name, never by value."""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.images import commit_findings
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.commit_findings import (
    EXAMPLES,
    Finding,
    grouped,
    in_environment,
    in_files,
    marks,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.images.layer_entries import Entry

PLACES = {
    "credentials": [
        "/root/.ssh/id_ed25519", "/home/ada/.ssh/authorized_keys", "/etc/ssh/ssh_host_rsa_key", "/etc/shadow",
        "/root/.docker/config.json", "/root/.kube/config", "/home/a/.aws/credentials", "/root/.netrc",
        "/home/a/.git-credentials", "/srv/app/.env", "/srv/app/.env.local", "/srv/tls/server.key", "/x/store.p12",
        "/root/.bash_history", "/home/a/.python_history", "/root/.vault_pass", "/root/.gnupg/private-keys-v1.d/1.x",
        "/srv/.htpasswd", "/root/.config/gh/hosts.yml",
    ],
    "caches": [
        "/var/cache/apt/archives/vim.deb", "/var/lib/apt/lists/x_Packages", "/home/a/.cache/pip/x",
        "/var/cache/other/x",
        "/usr/lib/python3/__pycache__/a.pyc", "/root/.npm/_cacache/x", "/root/.cargo/registry/x", "/var/lib/dnf/x",
    ],
    "logs": ["/var/log/dpkg.log", "/var/log/apt/term", "/srv/app/run.log", "/srv/app/run.log.1", "/srv/x.log.2.gz"],
    "temporary": ["/tmp/x", "/var/tmp/a/b", "/run/x.pid", "/etc/passwd~", "/srv/.a.swp", "/srv/a.tmp", "/core.77"],
}  # fmt: skip
HARMLESS = [
    "/etc/passwd", "/usr/bin/key", "/srv/keyboard", "/etc/environment", "/srv/catalog", "/usr/share/log.txt", "/core/x",
    "/srv/dialog", "/root/.ssh/known_hosts", "/root/.ssh/id_rsa.pub", "/srv/tmp/x", "/etc/apt/sources.list",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "path"), [(kind, path) for kind, paths in PLACES.items() for path in paths])
def test_places(kind, path):
    found = in_files([Entry(path, "file", size=1)])
    assert [(one.kind, one.where, one.size) for one in found] == [(kind, path, 1)] and found[0].why


@pytest.mark.parametrize("path", HARMLESS)
def test_harmless_places(path):
    assert in_files([Entry(path, "file", size=1)]) == []


def test_only_files_that_hold_something():
    assert in_files([Entry("/tmp/x", "file"), Entry("/tmp/d", "directory"), Entry("/tmp/l", "link", size=3)]) == []
    assert in_files([Entry("/root/.ssh/id_rsa", "file", hard="/x")])[0].kind == "credentials"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("-----BEGIN PRIVATE KEY-----", "private key"),
        ("x\n-----BEGIN RSA PRIVATE KEY-----", "private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "private key"),
        ("key = AKIAABCDEFGHIJKLMNOP", "access key of a cloud"),
        ("ghp_" + "a1B2" * 9, "token of a forge"),
        ("glpat-" + "a1B2c" * 4, "token of a forge"),
        ("xoxb-1234567890-abcdefghij", "token of a chat"),
        ("postgresql://app:s3cret@db/app", "login in an address"),
        ("DB_PASSWORD=correct-horse", "password in a setting"),
        ("  export API_KEY='abcd1234'", "password in a setting"),
        ('"client_secret": "abcd1234"', "password in a setting"),
        ("\nmy.password: hunter2", "password in a setting"),
        ("\nMY_PASSWORD: hunter2", "password in a setting"),
        ("\0\0 of a program -----BEGIN RSA PRIVATE KEY-----", "private key"),
    ],
)
def test_contents(text, name):
    assert name in marks(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "-----BEGIN PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----",
        "https://example.test/path@x",
        "https://${USER}:${PASSWORD}@example.test/",
        "password=",
        "password: ${PASSWORD}",
        "password: {{ vault }}",
        "password = None",
        "password required pam_unix.so",
        "secret: true",
        "the password: is asked for",
        "AKIAshort",
        "\0 of a program: https://user:password@example.test/\npassword=sample",
        "",
    ],
)
def test_harmless_contents(text):
    assert marks(text.encode()) == ()


def test_a_setting_counts_only_in_files_of_settings_and_nothing_in_samples():
    mark = ("password in a setting",)
    assert in_files([Entry("/srv/app.yml", "file", size=1, marks=mark)])
    assert in_files([Entry("/root/.bashrc", "file", size=1, marks=mark)])
    assert not in_files([Entry("/srv/app.py", "file", size=1, marks=mark)])
    assert in_files([Entry("/srv/app.py", "file", size=1, marks=("private key",))])[0].why.endswith("private key")
    assert not in_files([Entry("/usr/lib/python3/dist-packages/x.py", "file", size=1, marks=("private key",))])


def test_a_cache_that_holds_a_key_is_a_credential():
    assert in_files([Entry("/tmp/x", "file", size=1, marks=("private key",))])[0].kind == "credentials"


def test_environment():
    own = ["DB_PASSWORD=hunter2", "COLOUR=red", "GITHUB_TOKEN=", "SHARED_SECRET=image", "X_AUTH=1", "AUTHOR=me"]
    changes = ['ENV API_KEY="a b" OTHER=1', "ENV OLD_TOKEN value", "LABEL MY_SECRET=1", "ENV EMPTY_TOKEN="]
    found = in_environment(own, ["SHARED_SECRET=image"], changes)
    assert [one.where for one in found] == ["ENV API_KEY", "ENV DB_PASSWORD", "ENV OLD_TOKEN", "ENV X_AUTH"]
    assert "hunter2" not in repr(found)
    assert in_environment(["SHARED_SECRET=other"], ["SHARED_SECRET=image"], [])


def test_groups_and_warnings():
    many = [Finding("caches", f"/var/cache/{number}", "cache", number) for number in range(EXAMPLES + 5)]
    secrets = [Finding("credentials", f"/{number}.key", "key store", 1) for number in range(EXAMPLES + 5)]
    groups = grouped(many + secrets)
    assert [(one["kind"], one["count"], len(one["examples"])) for one in groups] == [
        ("credentials", EXAMPLES + 5, EXAMPLES + 5),
        ("caches", EXAMPLES + 5, EXAMPLES),
    ]
    assert groups[1]["examples"][0]["where"] == f"/var/cache/{EXAMPLES + 4}"
    assert groups[1]["bytes"] == sum(range(EXAMPLES + 5))
    lines = commit_findings.warnings("a:1", "box", groups)
    assert len(lines) == 2 and "and 22 more" in lines[0] and "a:1 takes caches along from container box" in lines[1]
    assert grouped([]) == [] and json.dumps(groups)


def test_a_large_file_without_secrets_is_not_searched_pattern_by_pattern():
    def seconds(work):
        started = time.process_time()
        for _turn in range(10):
            work()
        return time.process_time() - started

    program = bytes(range(256)) * 4096
    searched = seconds(lambda: [pattern.search(program) for _name, _needles, pattern in commit_findings._MARKS])
    assert seconds(lambda: marks(program)) < searched / 2
