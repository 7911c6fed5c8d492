"""The hosts of the test classroom, reached as a user reaches them: with the ssh configuration that site.yml leaves."""

from __future__ import annotations

import base64
import json
import os
import shlex
from pathlib import Path

import pytest
import testinfra

ROOT = Path(__file__).resolve().parents[3]
NAME = os.environ["BULKHEAD_TEST_NAME"]
STATE = ROOT / ".bulkhead" / NAME
STUDENTS = ("ada", "grace", "linus")


def pytest_collection_modifyitems(items):
    """Attempts come last: what is denied to them would count against the machines."""
    items.sort(key=lambda item: "test_attempts_" in item.nodeid)


def host(name):
    return testinfra.get_host(f"ssh://{name}?ssh_config={STATE}/ssh/config")


@pytest.fixture(scope="session")
def engine():
    return host("engine1")


@pytest.fixture(scope="session")
def registry():
    return host("registry")


@pytest.fixture(scope="session", params=["registry", "engine1"])
def machine(request):
    return host(request.param)


@pytest.fixture(scope="session")
def registry_name():
    return f"registry.{NAME}.test"


@pytest.fixture(scope="session")
def report():
    return json.loads((STATE / "reports" / "isolation.json").read_text())


@pytest.fixture(scope="session")
def password():
    return lambda account: (STATE / "secrets" / account).read_text().strip()


@pytest.fixture(scope="session")
def client_certificates():
    return STATE / "engines"


@pytest.fixture(scope="session")
def inspected(engine):
    """What the engine says of every workspace, by student; asked once, because each command costs a second here."""
    names = " ".join(f"workspace-{student}" for student in STUDENTS)
    return dict(zip(STUDENTS, json.loads(engine.check_output(f"docker inspect {names}"))))


@pytest.fixture(scope="session")
def run_script():
    """Runs a script of the folder `attempts` on a host, with arguments, in one command."""

    def run(on, name, *words):
        text = base64.b64encode((ROOT / "molecule" / "classroom" / "attempts" / name).read_bytes()).decode()
        return on.run(f"echo {text} | base64 --decode | bash -s -- {shlex.join(words)}")

    return run
