# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One rule of the packet filter: what it catches of the first packets of connections, and where it sends them. Pure."""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import NamedTuple, Union

Subnets = tuple[str, ...]
# How much of what a rule looks at it catches: all, some, or nobody here knows.
SURE, SOME, UNKNOWN = range(3)
# States that a first packet can have. An answer has another one.
FIRST = frozenset({"NEW", "INVALID", "UNTRACKED"})
# A packet can have these besides.
BESIDES = frozenset({"DNAT", "SNAT"})
# Options that take less than all, each with the number of its words; and the modules of which there are no others.
NARROWING = {
    **dict.fromkeys(("--dport", "--sport", "--dports", "--sports", "--ports", "--icmp-type", "--icmpv6-type"), 1),
    **dict.fromkeys(("--limit", "--limit-burst"), 1),
    **{"--tcp-flags": 2, "--syn": 0, "-f": 0},
}
MODULES = frozenset(
    {"comment", "conntrack", "icmp", "icmp6", "ipv6-icmp", "limit", "multiport", "sctp", "state", "tcp", "udp"}
)
Net = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


class Named(NamedTuple):
    """A name or an address, or everything but it."""

    name: str
    negated: bool = False


class Rule(NamedTuple):
    # The place among the lines first: rules of one chain are sorted by it.
    number: int
    text: str
    target: str = ""
    goto: bool = False
    inside: Named | None = None
    outside: Named | None = None
    source: Named | None = None
    destination: Named | None = None
    states: frozenset[str] | None = None
    narrow: bool = False
    unknown: bool = False
    port: str = ""
    protocol: str = ""
    sent_to: str = ""

    @property
    def only_to(self) -> str:
        """The one interface that it is about, or nothing."""
        out = self.outside
        return out.name if out and not out.negated and not out.name.endswith("+") else ""

    @property
    def one_port(self) -> bool:
        """One port of one address, as an engine opens what is published."""
        host = self.destination and not self.destination.negated and self.destination.name.endswith(("/32", "/128"))
        return bool(host and self.protocol and self.port.isdecimal())

    def catches(self, interface: str) -> int | None:
        """How much of what goes to an interface; None: nothing."""
        if self.outside and is_named(self.outside, interface) == self.outside.negated:
            return None
        certainty = UNKNOWN if self.unknown else SOME if self.narrow else SURE
        if self.states is None:
            return certainty
        own = self.states & FIRST
        if not own and not self.states & BESIDES:
            return None
        return certainty if own == FIRST else max(certainty, SOME)

    def among(self, sources: set[str]) -> set[str]:
        """Those of the interfaces where it looks at what comes in."""
        asked = self.inside
        if not asked:
            return set(sources)
        if not asked.name.endswith("+"):
            return sources - {asked.name} if asked.negated else sources & {asked.name}
        return {one for one in sources if is_named(asked, one) != asked.negated}


def is_named(asked: Named, interface: str) -> bool:
    """A plus sign at the end stands for whatever follows."""
    return interface.startswith(asked.name[:-1]) if asked.name.endswith("+") else interface == asked.name


def covers(asked: Named, subnets: Subnets) -> int | None:
    """How much of what has an address in the subnets has one that a rule asks for. Of unknown subnets: some."""
    wanted = network_of(asked.name)
    own = [one for one in map(network_of, subnets) if one and wanted and one.version == wanted.version]
    if wanted is None or not own:
        return SOME if wanted else UNKNOWN
    if all(one.network_address in wanted and one.prefixlen >= wanted.prefixlen for one in own):
        return None if asked.negated else SURE
    if not any(one.overlaps(wanted) for one in own):
        return SURE if asked.negated else None
    return SOME


@lru_cache(maxsize=4096)
def network_of(text: str) -> Net | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def rule_from(number: int, text: str, words: list[str]) -> Rule:
    """words: what stands behind '-A CHAIN'. An option that is not known makes the whole rule unknown."""
    found: dict[str, object] = {}
    place, negated = 0, False
    while place < len(words):
        word = words[place]
        place += 1
        if word == "!":
            negated = True
            continue
        value = words[place] if place < len(words) else ""
        if word in ("-j", "-g"):
            found.update(target=value, goto=word == "-g", sent_to=_option(words[place + 1 :], "--to-destination"))
            break
        place += _taken(found, word, value, negated)
        while place < len(words) and not words[place].startswith("-") and words[place] != "!":
            # A word of an option that is not known.
            place += 1
        negated = False
    return Rule(number, text, **found)  # type: ignore[arg-type]


def _taken(found: dict[str, object], word: str, value: str, negated: bool) -> int:
    """Puts one option into `found`, and says how many words follow it."""
    simple = {"-i": "inside", "-o": "outside", "-s": "source", "-d": "destination"}
    if word in simple:
        found[simple[word]] = Named(value, negated)
    elif word == "-p":
        found.update(protocol=value, narrow=True)
    elif word in ("--ctstate", "--state"):
        states = frozenset(value.split(","))
        if negated:
            # What has such a state besides is not caught.
            found["narrow"] = bool(found.get("narrow") or states & BESIDES)
            states = FIRST - states
        found["states"] = states
    elif word == "-m":
        found["unknown"] = bool(found.get("unknown")) or value not in MODULES
    elif word in NARROWING:
        found["narrow"] = True
        if word == "--dport":
            found["port"] = f"not {value}" if negated else value
        return NARROWING[word]
    elif word != "--comment":
        found["unknown"] = True
        return 0
    return 1


def _option(words: list[str], name: str) -> str:
    return next((after for word, after in zip(words, words[1:]) if word == name), "")
