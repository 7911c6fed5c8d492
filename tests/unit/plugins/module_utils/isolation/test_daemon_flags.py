# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dockerd's flags and daemon.json in one form, without a secret."""

from __future__ import annotations

import json

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.daemon_flags import (
    HIDDEN,
    from_command,
    from_file,
    without_user,
)
from hypothesis import given
from hypothesis import strategies as st

COMMANDS = [
    ("", {}),
    ("--debug", {"debug": True}),
    ("-D --icc=false --iptables=0", {"debug": True, "icc": False, "iptables": False}),
    ("--tlsverify=T --tls=true", {"tlsverify": True, "tls": True}),
    # A switch takes no word after it.
    ("--debug false", {"debug": True}),
    ("-H fd:// --host=tcp://0.0.0.0:2376 -Hunix:///x", {"hosts": ["fd://", "tcp://0.0.0.0:2376", "unix:///x"]}),
    ("-H=fd:// -g=/data -l debug", {"hosts": ["fd://"], "data-root": "/data", "log-level": "debug"}),
    ("--log-driver syslog --config-file=/x.json", {"log-driver": "syslog", "config-file": "/x.json"}),
    ("--default-ulimit nofile=1024:2048", {"default-ulimits": {"nofile": "1024:2048"}}),
    ("--log-opt max-size=1m --log-opt=tag=x", {"log-opts": {"max-size": "1m", "tag": HIDDEN}}),
    ("--insecure-registry a:5000 --insecure-registry b", {"insecure-registries": ["a:5000", "b"]}),
    ("--unknown value --icc=false", {"icc": False}),
    ("--log-level", {"log-level": ""}),
    ("stray - -- -x", {}),
]


@pytest.mark.parametrize(("words", "found"), COMMANDS, ids=[words for words, _found in COMMANDS])
def test_a_command_line_is_read_as_the_engine_does(words, found):
    assert from_command(words.split()) == found


def test_a_file_keeps_its_keys_and_the_values_that_a_check_needs():
    given_file = {"icc": False, "log-opts": {"max-size": "1m", "splunk-token": "s"}, "labels": ["a=s"], "dns": ["s"]}
    shown = {"icc": False, "log-opts": {"max-size": "1m", "splunk-token": HIDDEN}, "labels": HIDDEN, "dns": HIDDEN}
    assert from_file(json.dumps(given_file)) == shown


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "null", '"x"', "{'icc': false}", "\x1b[2J", "\0" * 9, "[" * 70000, '{"a":' * 70000]
)
def test_what_the_engine_cannot_use_is_an_error_in_words(text):
    with pytest.raises(ValueError) as caught:
        from_file(text)
    assert 0 < len(str(caught.value)) < 200


@pytest.mark.parametrize("options", [["splunk-token=hunter2"], "splunk-token=hunter2", None, 7])
def test_options_in_a_form_of_their_own_are_hidden_as_a_whole(options):
    assert from_file(json.dumps({"log-opts": options})) == {"log-opts": HIDDEN}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:hunter2@host/v2", "https://***@host/v2"),
        ("https://hunter2@host", "https://***@host"),
        ("https://user:hunter2/with@signs@host:5000", "https://***@host:5000"),
        ("user:hunter2@host:5000", "***@host:5000"),
        ("tcp://u:hunter2@[::1]:2376, tcp://u:hunter2@b", "tcp://***@[::1]:2376, tcp://***@b"),
        ("http://a:hunter2@b,http://c:hunter2@d", "http://***@d"),
        # No login: a path, a digest, a port.
        ("unix:///run/a@b.sock", "unix:///run/a@b.sock"),
        ("course/base@sha256", "course/base@sha256"),
        ("registry.test:5000/x", "registry.test:5000/x"),
        ("https://host/v2", "https://host/v2"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_its_login(address, shown):
    assert without_user(address) == shown


LOGINS = st.text(st.characters(codec="ascii", exclude_characters=" \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"), max_size=20)


@given(LOGINS, st.sampled_from(["https", "tcp", "unix"]))
def test_no_login_is_ever_shown(login, scheme):
    """Whatever stands between the slashes and the last @; a slash at once would make it a path."""
    shown = without_user(f"{scheme}://u{login}hunter2@host")
    assert shown == f"{scheme}://***@host"


@given(st.lists(st.text(max_size=12), max_size=6))
def test_no_command_line_is_a_crash(words):
    assert isinstance(from_command(words), dict)
