# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can give orders to the engine: where it listens, how it knows its callers, who may open its socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import (
    Fact,
    as_list,
    as_mapping,
    fact_from,
    formed,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.base import (
    FAIL,
    INFORMATIONAL,
    NOTAPPLICABLE,
    NOTCHECKED,
    PASS,
    Check,
    Outcome,
    broken,
    missing,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.checks.daemon_base import (
    OPTIONS,
    answer,
    daemon_check,
    moved,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.daemon_view import (
    address_text,
    daemon_fact,
    declared,
    info,
    listeners,
    setting,
)
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.room import Host, Room

EVERYWHERE = ("0.0.0.0", "::")
# A swarm's own ports: they speak TLS with certificates of their own, whatever the engine was told for its API.
SWARM_PORTS = (2377, 7946)


def api_listeners(host: Host) -> Fact:
    """TCP sockets that take orders. The metrics address and a swarm's own ports are others."""
    fact = listeners(host, "tcp")
    if not fact.known:
        return fact
    swarm, metrics = daemon_fact(host, "swarm"), setting(host, "metrics-addr", "")
    unread = [one for one in (swarm, metrics) if not one.known]
    if fact.value and unread:
        return unread[0]
    other = {int(port) for port in [str(metrics.value).rpartition(":")[2]] if port.isdigit()}
    if as_mapping(swarm.value).get("state") == "active":
        other.update(SWARM_PORTS)
    kept = [one for one in fact.value if one.get("port") not in other]
    return Fact(fact.path, kept, ", ".join(map(address_text, kept)) or "no TCP socket")


def decide_tls(host: Host, _room: Room) -> Outcome:
    fact = api_listeners(host)
    if not fact.known:
        return missing([fact])
    if not fact.value:
        return Outcome(PASS, "no TCP socket", (fact,), inspected=declared(host, "hosts"))
    verify = setting(host, "tlsverify", False)
    if not verify.known:
        return missing([verify])
    tls = setting(host, "tls", False)
    said = "" if verify.value is True else "with TLS, for any client" if tls.value is True else "without TLS"
    good = f"listens at {fact.raw} for clients with a certificate"
    return Outcome(
        FAIL if said else PASS, f"listens at {fact.raw} {said}" if said else good, (fact, verify), inspected=verify.raw
    )


def decide_handshake(host: Host, _room: Room) -> Outcome:
    fact = api_listeners(host)
    if not fact.known:
        return missing([fact])
    if not fact.value:
        return Outcome(NOTAPPLICABLE, "not judged", (fact,), reason="the engine listens at no TCP address")
    reason = "only a connection without a certificate can prove it; connecting is a probe, and nothing here probes"
    return Outcome(NOTCHECKED, f"listens at {fact.raw}", (fact,), reason=reason)


def decide_address(host: Host, _room: Room) -> Outcome:
    fact = listeners(host, "tcp")
    if not fact.known:
        return missing([fact])
    wide = [address_text(one) for one in fact.value if one.get("address") in EVERYWHERE]
    return answer(fact, f"listens at {', '.join(wide)}" if wide else "", fact.raw, declared(host, "hosts"))


def socket_groups(host: Host) -> Iterator[Fact]:
    """The group of each unix socket of the engine, as recorded with the host's files."""
    rows = as_mapping(host.facts.get("files"))
    row = fact_from(rows.get("engine-socket"), "the engine's sockets")
    if not row.known:
        yield row
    for entry in map(fact_from, as_list(row.value)):
        name = as_mapping(entry.value).get("group")
        yield Fact(entry.path, str(name), entry.raw) if entry.known and name is not None else entry._replace(value=None)


def decide_members(host: Host, room: Room) -> Outcome:
    found = list(socket_groups(host))
    members = formed(fact_from(host.facts.get("groups"), "/etc/group"), Mapping)
    absent = [fact for fact in (*found, members) if not fact.known]
    if absent:
        return missing(absent)
    names = sorted({str(fact.value) for fact in found} - {"root"})
    users = sorted({str(user) for name in names for user in as_list(members.value.get(name))} - {"root"})
    strangers = [user for user in users if user not in room.policy.engine_users]
    expected = f"only {', '.join(room.policy.engine_users) or 'root'}"
    where = f"group {', '.join(names)}" if names else "root alone"
    evidence = (members._replace(raw=f"{where}: {', '.join(users) or 'no members'}"), *found)
    if strangers:
        return Outcome(FAIL, f"{', '.join(strangers)} can open the socket ({where})", evidence, expected)
    return Outcome(PASS, f"{', '.join(users) or 'nobody'} ({where})", evidence, expected)


def decide_rootless(host: Host, _room: Room) -> Outcome:
    fact = daemon_fact(host, "uid_map")
    fields = str(fact.value).split() if fact.known else []
    if len(fields) < 3 or not fields[1].isdigit():
        return broken(fact, "not the form of uid_map")
    if fields[1] != "0":
        return Outcome(PASS, f"the engine's root is user {fields[1]} of the host", (fact,))
    reason = "whether an engine without root can do the work is the administrator's choice"
    return Outcome(INFORMATIONAL, "the engine's root is the host's root", (fact,), reason=reason)


def decide_authorization(host: Host, _room: Room) -> Outcome:
    fact = info(host, "Authorization")
    names = ", ".join(map(str, as_list(fact.value)))
    said = "" if names else "who reaches the socket may do everything"
    return answer(fact, said, f"asks {names}", declared(host, "authorization-plugins"))


CHECKS: tuple[Check, ...] = (
    daemon_check(
        id="daemon-tls",
        title="The engine's TCP sockets want a client certificate",
        severity="critical",
        expected="no TCP socket, or tlsverify",
        remedy="Remove the tcp:// address, or set tlsverify with tlscacert, tlscert and tlskey; or use ssh:// instead.",
        why="Whoever reaches such a socket is root on the host: local users, and containers with its network, too.",
        how="Listening sockets of the engine's process (/proc/PID/fd, /proc/PID/net/tcp); tlsverify as it runs.",
        variable=OPTIONS,
        nist=("4.5.1",),
        decide_host=decide_tls,
        **moved("2.7", "2.8"),
    ),
    daemon_check(
        id="daemon-tls-handshake",
        title="A connection without a certificate is refused",
        severity="high",
        expected="a handshake that fails",
        remedy="Try: openssl s_client -connect HOST:PORT, without a certificate. It must end with an alert.",
        why="A flag says what was wanted; only a refused connection shows what happens.",
        how="Nothing that only reads can decide it.",
        decide_host=decide_handshake,
    ),
    daemon_check(
        id="daemon-address",
        title="The engine listens at chosen addresses only",
        severity="high",
        expected="no socket at 0.0.0.0 or [::]",
        remedy="Name the address of one interface in hosts, and open it in the firewall for the administrators alone.",
        why="A socket on every interface is there for networks that nobody thought of, containers' bridges included.",
        how="Listening sockets of the engine's process, of both protocols; ports of containers are left out.",
        variable=OPTIONS,
        nist=("4.5.1",),
        decide_host=decide_address,
    ),
    daemon_check(
        id="daemon-users",
        title="Only known users can open the engine's socket",
        severity="high",
        expected="members that the policy names",
        remedy="Remove the user: gpasswd --delete USER GROUP; or name it in the policy's engine_users.",
        why="Who can open the socket can start a container with the host's root directory in it: that is root.",
        how="Owning group of each socket of the engine; /etc/group and the primary groups of /etc/passwd.",
        variable="isolation_audit_policy.engine_users",
        cis=("1.1.2",),
        nist=("4.5.4",),
        decide_host=decide_members,
    ),
    daemon_check(
        id="daemon-rootless",
        title="The engine runs without the host's root",
        severity="low",
        expected="another user than 0",
        remedy="Where the work allows it, run the engine rootless: dockerd-rootless-setuptool.sh install.",
        why="A flaw in the engine is then a flaw of one user, and not of the host.",
        how="First line of /proc/PID/uid_map of the engine.",
        cis=("2.1",),
        decide_host=decide_rootless,
    ),
    daemon_check(
        id="daemon-authorization",
        title="A plugin decides which orders the engine takes",
        severity="low",
        expected="an authorization plugin",
        remedy="Install an authorization plugin and name it in authorization-plugins; else keep users off the socket.",
        why="Without one there is no difference between who may list containers and who may become root.",
        how="Plugins.Authorization of /info.",
        variable=OPTIONS,
        nist=("4.3.1",),
        decide_host=decide_authorization,
        **moved("2.12", "2.13"),
    ),
)
