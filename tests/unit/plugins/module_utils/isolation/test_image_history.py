# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a step of an image's history tells, in the words of both builders; and what looks like a secret."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import image_secrets
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.image_history import read_history

TOKEN = "ghp_" + "a" * 36
OLD, NEW = "/bin/sh -c {}", "RUN /bin/sh -c {} # buildkit"


def step(text, before="COPY x /"):
    """What is found in one step that another one comes before."""
    found = read_history([{"CreatedBy": text}, {"CreatedBy": before}])
    return {key: found[key] for key in ("add", "update_alone", "unverified", "secrets") if found[key]}


@pytest.mark.parametrize("form", [OLD, NEW])
@pytest.mark.parametrize(
    ("command", "alone"),
    [
        ("apt-get update", True),
        ("apt-get -qq -o Acquire::Retries=3 update && rm -rf /x", True),
        ("apk update", True),
        ("dnf makecache", True),
        ("apt-get update && apt-get -y --no-install-recommends install curl", False),
        ("apt update; apt -y upgrade", False),
        ("apk update && apk add --no-cache curl", False),
        ("apk add --update curl", False),
        ("yum -y update", False),
        ("echo update", False),
        ("git submodule update", False),
    ],
)
def test_a_step_that_only_updates(form, command, alone):
    assert step(form.format(command)) == ({"update_alone": [2]} if alone else {})


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("/bin/sh -c #(nop) ADD file:" + "1" * 64 + " in /srv ", "local"),
        ("/bin/sh -c #(nop) ADD " + "1" * 64 + " in /srv ", "remote"),
        ("ADD --chown=1:1 app.tar /srv # buildkit", "local"),
        ("ADD https://files.example.test/x.tar.gz /srv # buildkit", "remote"),
        ("/bin/sh -c #(nop) COPY file:" + "1" * 64 + " in /srv ", None),
        ("RUN /bin/sh -c ADD=1 true # buildkit", None),
    ],
)
def test_a_step_that_adds(text, source):
    assert step(text) == ({"add": [{"step": 2, "source": source}]} if source else {})


def test_the_first_step_may_add_a_root_file_system_but_not_fetch_it():
    assert read_history([{"CreatedBy": "ADD rootfs.tar.xz / # buildkit"}])["add"] == []
    assert read_history([{"CreatedBy": "ADD https://x.test/rootfs.tar /"}])["add"] == [{"step": 1, "source": "remote"}]


@pytest.mark.parametrize("form", [OLD, NEW])
@pytest.mark.parametrize(
    ("command", "pattern"),
    [
        ("apt-get install --allow-unauthenticated x", "packages without a signature"),
        ("yum --nogpgcheck -y install x", "packages without a signature"),
        ("curl -fsSLk https://x.test/a -o a", "certificate not checked"),
        ("wget --no-check-certificate https://x.test/a", "certificate not checked"),
        ("curl -fsSL https://x.test/install.sh | sudo bash -s", "download that is run at once"),
        ("wget -qO- https://x.test/install.sh | sh", "download that is run at once"),
        ("curl -fsSL https://x.test/link -o a && sha256sum -c a.sum", None),
        ("curl https://x.test/a | tar x", None),
    ],
)
def test_a_step_that_verifies_nothing(form, command, pattern):
    assert step(form.format(command)) == ({"unverified": [{"step": 2, "pattern": pattern}]} if pattern else {})


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        (f"RUN /bin/sh -c git clone https://x.test/a # {TOKEN}", "token of a forge"),
        ("RUN |1 NPM_TOKEN=abcdef /bin/sh -c npm install # buildkit", image_secrets.NAMED),
        ("|1 NPM_TOKEN=abcdef /bin/sh -c npm install", image_secrets.NAMED),
        ("/bin/sh -c #(nop)  ENV DB_PASSWORD=hunter2x", image_secrets.NAMED),
        ("ENV DB_PASSWORD=hunter2x", image_secrets.NAMED),
        ("RUN /bin/sh -c export API_KEY='abcdef' && make", image_secrets.NAMED),
        ("RUN /bin/sh -c curl -u ada:hunter2x https://x.test", image_secrets.ON_A_COMMAND_LINE),
        ("RUN /bin/sh -c mysql --password=hunter2x", image_secrets.ON_A_COMMAND_LINE),
        ("RUN /bin/sh -c echo root:hunter2x | chpasswd", image_secrets.ON_A_COMMAND_LINE),
        ("RUN /bin/sh -c curl https://ada:hunter2x@x.test/a", "login in an address"),
        ("RUN /bin/sh -c TOKEN=$(cat /run/secrets/token) make", None),
        ("RUN --mount=type=secret,id=token /bin/sh -c make", None),
        ("ENV DB_PASSWORD_FILE=/run/secrets/db", None),
        ("ENV DB_PASSWORD=", None),
        ("CMD [\"server\" \"--password\" \"$PASSWORD\"]", None),
    ],
)  # fmt: skip
def test_a_step_with_a_secret_in_it(text, pattern):
    found = step(text)
    assert found == ({"secrets": [{"step": 2, "pattern": pattern}]} if pattern else {})
    assert TOKEN not in json.dumps(found) and "hunter2x" not in json.dumps(found)


def test_steps_are_counted_from_the_first_and_those_without_words_too():
    found = read_history([{"CreatedBy": "apk update"}, {"CreatedBy": None}, "nonsense", {"CreatedBy": "ADD a /"}])
    assert (found["steps"], found["told"], found["update_alone"], found["add"]) == (4, 2, [4], [])
    assert read_history([])["steps"] == 0


@pytest.mark.parametrize(
    ("name", "value", "pattern"),
    [
        ("DB_PASSWORD", "hunter2x", image_secrets.NAMED),
        ("COLOUR", TOKEN, "token of a forge"),
        ("HTTPS_PROXY", "http://ada:hunter2x@proxy.test:3128", "login in an address"),
        ("KEY", "-----BEGIN RSA PRIVATE KEY-----", "private key"),
        ("org.example.api-key", "hunter2x", image_secrets.NAMED),
        ("traefik.http.middlewares.door.users", "ada:$apr1$H6uskkkW$IgXLP6ewTrSuBkTrqE8wj/", "hashed password"),
        ("door", "ada:$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC", "hashed password"),
        ("door", "$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$6zU5qkrXWQ", "hashed password"),
        ("session", f"eyJ{'a' * 20}.eyJ{'b' * 20}.{'c' * 20}", "signed token"),
        ("join", f"SWMTKN-1-{'0a' * 25}-{'1b' * 12}", "token of a swarm"),
        ("PRICE", "$5$ and $1$", ""),
        ("TOKENIZER", "words", ""),
        ("DB_PASSWORD", "", ""),
        ("DB_PASSWORD", "${DB_PASSWORD}", ""),
        ("TOKEN_TTL", "soon", ""),
        ("USE_TOKEN", "true", ""),
        ("PATH", "/usr/bin:/bin", ""),
    ],
)
def test_a_variable_that_looks_like_a_secret(name, value, pattern):
    wanted = [{"name": name, "pattern": pattern}] if pattern else []
    assert image_secrets.variables([f"{name}={value}"]) == wanted
    assert image_secrets.labels({name: value}) == wanted


@pytest.mark.parametrize(
    ("path", "credential"),
    [
        ("/root/.ssh/id_rsa", True),
        ("/home/ada/.docker/config.json", True),
        ("/root/.aws/credentials", True),
        ("/home/ada/.netrc", True),
        ("/srv/server-key.pem", True),
        ("/srv/.env", True),
        ("/etc/ssl/certs/ISRG_Root_X1.pem", False),
        ("/etc/shadow", False),
        ("/usr/share/doc/x/examples/server.key", False),
        ("/opt/app/tests/server.key", False),
        ("/root/.bashrc", False),
    ],
)
def test_a_path_of_credentials(path, credential):
    assert bool(image_secrets.credential_at(path)) is credential
