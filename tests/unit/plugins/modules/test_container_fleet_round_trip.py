# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a task says, and whatever was there before: after one run the next has nothing to do."""

from __future__ import annotations

from ansible_collections.bulkhead.classroom.plugins.modules.container_fleet import run
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_engine_containers import (
    FakeContainerEngine,
)
from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = st.sampled_from(["alpha", "beta", "gamma"])
TEXTS = st.dictionaries(WORDS, WORDS, max_size=2)
MOUNTS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"type": st.just("volume"), "source": WORDS, "read_only": st.booleans()}),
        st.fixed_dictionaries(
            {"type": st.just("bind"), "source": st.just("/srv/x/")},
            optional={
                "selinux": st.sampled_from(["private", "shared"]),
                "propagation": st.sampled_from(["rprivate", "rslave"]),
                "read_only": st.booleans(),
            },
        ),
        st.fixed_dictionaries({"type": st.just("tmpfs")}, optional={"size": st.just("1m"), "mode": st.just("1777")}),
    ),
    max_size=3,
).map(lambda mounts: [{**mount, "target": f"/m{number}"} for number, mount in enumerate(mounts)])
SECURITY = [
    "no-new-privileges",
    "no-new-privileges:true",
    "label=level:s0:c1,c2",
    "label:disable",
    "seccomp=unconfined",
]
ENDPOINTS = st.sampled_from([["quiet"], ["loud", "quiet"], ["quiet", "loud"]]).map(
    lambda names: [{"name": name, "aliases": ["box", name]} for name in names]
)
RATES = st.lists(st.sampled_from(["/dev/a", "/dev/b"]), unique=True).map(
    lambda paths: [{"path": path, "rate": 4096} for path in paths]
)
HEALTH = st.fixed_dictionaries(
    {},
    optional={
        "test": st.sampled_from([["CMD", "true"], ["true"], ["NONE"], ["CMD-SHELL", "true"]]),
        "interval": st.sampled_from([5, "1m30s", "500ms"]),
        "timeout": st.just("2s"),
        "retries": st.just(2),
        "start_period": st.just("0"),
    },
)
PORTS = st.lists(st.sampled_from(["80", "127.0.0.1:HOST:81", "8000-8002:82", "84-85/udp"]), unique=True).map(
    lambda ports: {"ports": ports}
)
OPTIONS = {
    "image": st.sampled_from(["base:1", "base:2"]),
    "command": st.lists(WORDS, max_size=2),
    "entrypoint": st.lists(WORDS, max_size=2),
    "env": TEXTS,
    "secret_env": TEXTS,
    "user": st.sampled_from(["0", "1000:1000"]),
    "workdir": st.just("/tmp"),
    "hostname": st.just("box"),
    "labels": TEXTS,
    "memory_reservation": st.just("16m"),
    "cpus": st.sampled_from([0.25, 1.0]),
    "cpu_shares": st.sampled_from([512, 1024]),
    "cpuset_cpus": st.sampled_from(["0", "0,1", "0-1"]),
    "cpuset_mems": st.just("0"),
    "blkio_weight": st.sampled_from([10, 500]),
    "device_read_bps": RATES,
    "device_write_iops": RATES,
    "oom_score_adj": st.sampled_from([-5, 0, 5]),
    "shm_size": st.sampled_from(["64m", "1m"]),
    "sysctls": st.just({"net.ipv4.ip_forward": 1}),
    "devices": st.lists(st.sampled_from(["/dev/null", "/dev/zero:/dev/z", "/dev/full:/dev/f:mr"]), max_size=2),
    "device_cgroup_rules": st.just(["c 1:3 rw", "b *:* m"]),
    "group_add": st.sampled_from([["staff", "1"], ["1"]]),
    "tty": st.booleans(),
    "interactive": st.booleans(),
    "volumes": st.lists(st.sampled_from(["/v1", "alpha:/v2", "/srv/x:/v3:ro,Z", "beta:/v4:nocopy"]), unique=True),
    "dns": st.sampled_from([["1.1.1.1", "9.9.9.9"], ["9.9.9.9", "1.1.1.1"]]),
    "dns_search": st.just(["class.example"]),
    "dns_options": st.just(["ndots:2"]),
    "extra_hosts": st.sampled_from([{"board": "10.0.0.1"}, {"board": "::1", "host": "host-gateway"}]),
    "runtime": st.sampled_from(["runc", "kata"]),
    "log_driver": st.sampled_from(["json-file", "none", "journald"]),
    "log_options": st.dictionaries(st.sampled_from(["max-file", "tag"]), st.sampled_from(["3", "5"])),
    "healthcheck": HEALTH,
    "stop_signal": st.sampled_from(["INT", "sigterm", "9"]),
    "pids_limit": st.sampled_from([-1, 5, 10]),
    "ulimits": st.just([{"name": "nproc", "soft": 5, "hard": 10}]),
    "cap_drop": st.sampled_from([["ALL"], ["CAP_CHOWN", "kill"]]),
    "cap_add": st.just(["cap_net_bind_service"]),
    "security_opts": st.lists(st.sampled_from(SECURITY), max_size=2),
    "privileged": st.booleans(),
    "read_only": st.booleans(),
    "init": st.booleans(),
    "tmpfs": st.just({"/tmp": "size=1m,mode=1777"}),
    "mounts": MOUNTS,
    "storage_opt": st.just({"size": "1g"}),
    "cgroup_parent": st.just("room.slice"),
    "pid_mode": st.just("host"),
    "ipc_mode": st.sampled_from(["host", "shareable"]),
    "uts_mode": st.just("host"),
    "userns_mode": st.just("host"),
    "cgroupns_mode": st.sampled_from(["host", "private"]),
    "restart_policy": st.sampled_from(["no", "False", "always", "on-failure:3", "on-failure:0"]),
    "stop_timeout": st.just(1),
    "wait_healthy": st.just(1),
    "depends_on": st.just([]),
    "state": st.sampled_from(["started", "stopped", "absent", "restarted"]),
}


def sensible(task):
    """Without what a task is refused for."""
    containers = []
    for number, (name, options) in enumerate(task["containers"].items()):
        options = {**options, "name": name}
        if "ports" in options:
            options["ports"] = [port.replace("HOST", str(100 + number)) for port in options["ports"]]
        if "depends_on" in options:
            ready = [one["name"] for one in containers if one.get("state", task["state"]) in UP]
            options["depends_on"] = ready if options.get("state", task["state"]) in UP else []
        if options.get("healthcheck", {}).get("test") == ["NONE"]:
            options.pop("wait_healthy", None)
        containers.append(options)
    # Members that are not listed would keep the networks.
    return {**task, "containers": containers, "prune": task["prune"] or task["state"] == "absent"}


LIMITS = st.sampled_from(
    [{}, {"memory": "64m"}, {"memory": "64m", "memory_swap": "64m"}, {"memory": "96m", "memory_swap": "unlimited"}]
)
ATTACHMENT = st.one_of(
    st.just({}),
    PORTS,
    st.sampled_from(["none", "host", "bridge"]).map(lambda mode: {"network_mode": mode}),
    ENDPOINTS.map(lambda endpoints: {"networks": endpoints}),
)
CONTAINER = st.tuples(st.fixed_dictionaries({}, optional=OPTIONS), LIMITS, ATTACHMENT).map(
    lambda parts: {key: value for part in parts for key, value in part.items()}
)
NETWORKS = ("quiet", "loud")
NETWORK = st.fixed_dictionaries(
    {},
    optional={
        "internal": st.booleans(),
        "options": st.just({"com.docker.network.bridge.enable_icc": False}),
        "labels": TEXTS,
        "subnet": st.just("172.30.5.0/24"),
    },
)
TASK = st.fixed_dictionaries(
    {
        "name": st.just("room"),
        "labels": TEXTS,
        "networks": st.tuples(NETWORK, NETWORK).map(
            lambda two: [{"name": "quiet", **two[0]}, {"name": "loud", **two[1]}]
        ),
        "defaults": st.fixed_dictionaries({"image": st.just("base:1"), "env": TEXTS}),
        "containers": st.dictionaries(st.sampled_from(["ada", "grace", "alan"]), CONTAINER, max_size=3),
        "state": st.sampled_from(["started", "stopped", "absent", "restarted"]),
        "prune": st.booleans(),
        "force": st.booleans(),
        "parallel": st.just(2),
    }
).map(sensible)
UP = ("started", "restarted")


def room(swap):
    engine = FakeContainerEngine(swap)
    engine.add_image("base:1")
    engine.add_image("base:2", Entrypoint=["enter"], Labels={}, Env=[])
    return engine


def left_to_do(task, engine):
    """What another run does, beside what it has to do each time."""
    return [step for step in run(task, engine, False)["steps"] if not step.startswith("restart container ")]


@settings(max_examples=100)
@given(TASK, TASK, st.booleans())
def test_a_plan_that_was_applied_leaves_nothing_to_do(first, second, swap):
    engine = room(swap)
    for name in ("ada", "grace.next") if first["force"] and second["force"] else ():
        engine.create(name, {"Image": "base:1", "Labels": {}, "HostConfig": {}})
    for task in (first, second):
        predicted = run(task, engine, True)
        done = run(task, engine, False)
        assert "failed" not in done, done["msg"]
        assert done["steps"] == predicted["steps"]
        assert left_to_do(task, engine) == []


@settings(max_examples=60)
@given(TASK, TASK, st.sampled_from(["create", "update", "stop", "remove", "rename", "start"]))
def test_a_run_that_failed_half_way_is_converged_by_the_next(first, second, verb):
    engine = room(True)
    run(first, engine, False)
    engine.broken = {verb: {"ada", "ada.next"}}
    run(second, engine, False)
    engine.broken = {}
    done = run(second, engine, False)
    assert "failed" not in done, done["msg"]
    assert left_to_do(second, engine) == []
    assert not [name for name in engine.member_names("room") if name == "ada.next" and engine.container("ada")]
