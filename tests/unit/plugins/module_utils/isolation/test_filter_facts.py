# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the packet filter: what is in use is asked and nothing else, and what was not read is an error."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import programs
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.kernel import Kernel
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import filter_facts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.packet_filter import (
    CLOSED,
    OPEN,
    Way,
    filter_from,
    kept,
    through,
)
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeKernel

RECORDED = Path(__file__).parents[2] / "support" / "recorded" / "rules"
SUBNETS = re.compile(r"-s (\S+) ! -o (\S+) -j MASQUERADE")
MODULES = "/proc/modules"
BUILT_IN = "/lib/modules/6.12.0/modules.builtin"
NFT, LEGACY = "iptables-nft-save", "iptables-legacy-save"
TEXT = "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -i a -j ACCEPT\nCOMMIT\n"
SIX = [{"EnableIPv6": True}]


def read(tmp_path, files, answers=None, networks=(), **info):
    """The document, and which programs were asked."""
    fake, asked = FakeKernel(tmp_path), []
    for path, text in files.items():
        fake.write(path, text)

    def ask(_kernel, pid, program):
        assert pid == 801
        asked.append(program)
        return (answers or {}).get(program, Fact(program, TEXT))

    return filter_facts.read_rules(fake.kernel, 801, info, networks, ask), asked


IN_USE = [
    # No modules at all, or nowhere to load one from: the question loads nothing.
    ({}, [NFT]),
    ({MODULES: "overlay 1 0 - Live 0x0\n"}, [NFT]),
    ({MODULES: "nf_tables 1 0 - Live 0x0\n", BUILT_IN: ""}, [NFT]),
    ({MODULES: "nf_tables_set 1 0 - Live 0x0\n", BUILT_IN: ""}, []),
    ({MODULES: "", BUILT_IN: "kernel/net/netfilter/nf_tables.ko\n"}, [NFT]),
    ({MODULES: "", BUILT_IN: "kernel/net/netfilter/x_tables.ko\n"}, []),
    ({MODULES: "", BUILT_IN: "", "/proc/801/net/ip_tables_names": "nat\nfilter\n"}, [LEGACY]),
    ({"/proc/801/net/ip_tables_names": ""}, [NFT]),
    ({"/proc/801/net/ip_tables_names": "filter\n"}, [NFT, LEGACY]),
]


@pytest.mark.parametrize(("files", "programs_asked"), IN_USE, ids=str)
def test_only_what_is_in_use_is_asked(tmp_path, files, programs_asked):
    found, asked = read(tmp_path, files)
    assert asked == programs_asked
    kinds = {NFT: "nft", LEGACY: "legacy"}
    assert sorted(found["ipv4"]["value"]) == sorted(kinds[one] for one in asked)
    assert all(one["filter"] == TEXT.replace(" [0:0]", "").split("\n")[1:3] for one in found["ipv4"]["value"].values())
    assert found["ipv6"]["error"].startswith("ENODATA")


def test_version_six_is_asked_where_a_network_has_it(tmp_path):
    found, asked = read(tmp_path, {"/proc/801/net/ip6_tables_names": "filter"}, networks=SIX)
    assert asked == [NFT, "ip6tables-nft-save", "ip6tables-legacy-save"]
    assert set(found["ipv6"]["value"]) == {"nft", "legacy"}


WRONG = [
    (Fact(NFT, error="ENOENT it is not installed"), "ENOENT"),
    (Fact(NFT, "*filter\n# Table `filter' is incompatible, use 'nft' tool.\n"), "ENOTSUP"),
    (Fact(NFT, "*filter\n-A FORWARD -j X\n" + "-A X -j DROP\n" * filter_facts.RULE_LIMIT), "E2BIG"),
]


@pytest.mark.parametrize(("answer", "error"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_read_is_an_error(tmp_path, answer, error):
    found, _asked = read(tmp_path, {}, {NFT: answer})
    assert found["ipv4"]["value"] is None and found["ipv4"]["error"].startswith(error)


def test_an_engine_that_writes_for_nft_itself_is_said_to(tmp_path):
    found, asked = read(tmp_path, {}, networks=SIX, FirewallBackend={"Driver": "nftables"})
    assert not asked and {one["error"] for one in found.values()} == {filter_facts.OTHERS}
    assert read(tmp_path, {}, FirewallBackend={"Driver": "iptables"})[1] == [NFT]


def test_a_recorded_tree_is_not_asked(tmp_path):
    assert filter_facts.ask(Kernel(str(tmp_path)), 801, NFT).error.startswith("ENOTSUP")


PROGRAMS = [
    ("print('x')", "", "x\n"),
    ("import sys; sys.stderr.write('no right'); sys.exit(3)", "EIO it ended with 3: no right", None),
    ("import time; time.sleep(60)", "ETIMEDOUT", None),
    ("import os; print(sorted(os.environ) == ['LC_ALL', 'PATH'] or sorted(os.environ))", "", "True\n"),
]


@pytest.mark.parametrize(("code", "error", "printed"), PROGRAMS, ids=str)
def test_a_program_is_bounded_and_says_what_went_wrong(code, error, printed):
    found = programs.printed([sys.executable, "-I", "-c", code], 3)
    assert found.error.startswith(error) and bool(found.error) == bool(error)
    assert found.value == printed or (printed == "True\n" and "LC_CTYPE" in found.value)
    assert programs.printed(["bulkhead-no-such-program"]).error.startswith("ENOENT")


def test_a_network_of_ones_own_is_not_entered():
    assert programs.entered(Kernel(), None) == ()


PRINTED = """# Generated by iptables-nft-save
*nat
:PREROUTING ACCEPT [0:0]
-A POSTROUTING -s 10.1.0.0/24 ! -o a -j MASQUERADE
-A DOCKER -d 127.0.0.1/32 ! -i a -p tcp -m tcp --dport 8080 -j DNAT --to-destination 10.1.0.2:80
COMMIT
*filter
:INPUT ACCEPT [7:700]
:FORWARD DROP [12:720]
:DOCKER - [0:0]
:MINE - [0:0]
-A INPUT -j MINE
-A FORWARD -m comment --comment "a \\"quoted\\" one" -j DOCKER
-A DOCKER -o a -j DROP
-A MINE -j ACCEPT
COMMIT
"""
KEPT = [
    ":FORWARD DROP",
    ":DOCKER -",
    '-A FORWARD -m comment --comment "a \\"quoted\\" one" -j DOCKER',
    "-A DOCKER -o a -j DROP",
]


def test_what_forward_leads_to_is_kept_without_counters():
    found = kept(PRINTED)
    assert found["filter"] == KEPT
    made = filter_from(Fact("x", {"nft": found}))
    assert made.fact.known and list(made.sent) == ["10.1.0.2"] and made.sent["10.1.0.2"][0].port == "8080"
    with pytest.raises(ValueError, match="incompatible"):
        kept(PRINTED + "# Table `filter' is incompatible, use 'nft' tool.\n")


@pytest.mark.parametrize(
    "value",
    [7, {"nft": None}, {"nft": {"filter": [""], "nat": []}}, {"nft": {"filter": ['-A X "'], "nat": []}}],
    ids=str,
)
def test_a_broken_record_is_an_error(value):
    made = filter_from(Fact("x", value))
    assert made.fact.error and not made.tables


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.txt")), ids=lambda path: path.stem)
def test_what_a_real_engine_wrote_keeps_its_networks_apart(path):
    """Networks room (without communication), other and third (with), and a port of third at the loopback address."""
    text = path.read_text()
    made = filter_from(Fact(path.name, {"x": kept(text)}))
    bridges = {name: (subnet,) for subnet, name in SUBNETS.findall(text) if name != "docker0"}
    assert set(bridges) == {"room", "other", "third"}
    for name, subnets in bridges.items():
        others = {other: wire for other, wire in bridges.items() if other != name}
        assert through(made, Way(others, name, subnets)).status == CLOSED, name
        within = through(made, Way({name: subnets}, name, subnets)).status
        assert within == (CLOSED if name == "room" else OPEN), name
    assert through(made, Way({"?": ()}, "!")).status == CLOSED
    assert [[(rule.destination.name, rule.port) for rule in sent] for sent in made.sent.values()] == [
        [("127.0.0.1/32", "8081")]
    ]
