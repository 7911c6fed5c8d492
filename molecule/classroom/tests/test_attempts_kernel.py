"""What the kernel refuses to a workspace beside the network, and the same where the one protection is missing."""

from __future__ import annotations

import pytest

REFUSED = ("sysctl", "sysrq", "sys", "cgroup", "device", "setuid")
INVISIBLE = ("kill", "memory", "path", "link")


@pytest.fixture(scope="module")
def tried(engine, inspected, run_script):
    """The first word of each result, by state and name; see kernel.sh."""
    (workspace, first), (neighbour, _second) = list(inspected.items())[:2]
    image = first["Config"]["Image"]
    done = run_script(engine, "kernel.sh", image, f"workspace-{workspace}", f"workspace-{neighbour}")
    assert done.rc == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    return {(state, name): result for state, name, result, *_more in lines}


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused(tried, name):
    assert tried["held", name] == "refused"


@pytest.mark.parametrize("name", INVISIBLE)
def test_what_belongs_to_another_is_not_even_seen(tried, name):
    assert tried["held", name] == "invisible"


# Whether a process is there (signal 0) is nothing that the policy's categories hide: that is left to the namespace.
@pytest.mark.parametrize("name", ["memory", "bind"])
def test_categories_alone_keep_what_is_seen(tried, name):
    assert tried["label", name] == "refused"


@pytest.mark.parametrize("name", [*REFUSED, *INVISIBLE, "bind"])
def test_without_the_protection_it_succeeds(tried, name):
    assert tried["free", name] == "done"
