# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The packet filter of role engine_host, as Ansible renders it; whether it holds is tried on the machines."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.playbook import ROOT, results, run_playbook

ROLE = ROOT / "roles" / "engine_host"
STATE = {"uplinks": ["eth0"], "missing_tables": [], "units": []}
VARIABLES = {
    **yaml.safe_load((ROLE / "defaults" / "main.yml").read_text()),
    **yaml.safe_load((ROLE / "vars" / "main.yml").read_text()),
    "__engine_host_state": STATE,
}


@pytest.fixture
def folder(tmp_path):
    for name in ("templates", "files"):
        (tmp_path / name).symlink_to(ROLE / name)
    return tmp_path


def test_the_rules_name_what_the_variables_say(folder):
    variables = {**VARIABLES, "engine_host_management_subnets": ["192.168.150.0/24"]}
    files = results(folder, [], variables, "__engine_host_firewall_files")
    rules = next(item for item in files if item["path"] == "/etc/bulkhead/firewall.nft")
    words = " ".join(rules["content"].split())
    assert 'elements = { "br-*", "docker0" }' in words
    assert "elements = { 172.20.0.0/14 }" in words
    assert "elements = { 169.254.0.0/16, 192.168.150.0/24 }" in words
    # Removed and made in one transaction, never one without the other.
    assert words.index("delete table inet bulkhead") < words.index("table inet bulkhead {")
    assert rules["validate"].endswith("nft --check --file %s")


def test_switched_off_its_files_go_and_shared_folders_stay(folder):
    # A value that the command line gives (-e) is a text.
    variables = {**VARIABLES, "engine_host_firewall": "false"}
    files = results(folder, [], variables, "__engine_host_firewall_files")
    assert {item["state"] for item in files} == {"absent"}
    assert {item["path"] for item in files} == {
        "/etc/bulkhead/firewall.nft",
        "/etc/systemd/system/bulkhead-firewall.service",
        "/etc/systemd/system/docker.service.d/bulkhead-firewall.conf",
    }
    assert "nftables" not in results(folder, [], variables, "__engine_host_packages")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"engine_host_firewall_bridges": ['br-*" }; drop']}, "names of bridges"),
        ({"engine_host_firewall_bridges": []}, "names of bridges"),
        ({"engine_host_address_pools": [{"base": "fd00::/64", "size": 80}]}, "IPv4 subnets"),
        ({"engine_host_management_subnets": ["registry.example.org"]}, "IPv4 subnets"),
        ({"engine_host_daemon_options": {"ipv6": True}}, "no IPv6"),
        ({"__engine_host_state": {**STATE, "uplinks": ["br-lan"]}}, "close the host to the network"),
        ({}, ""),
    ],
    ids=["text for a bridge", "no bridge", "IPv6 pool", "a name for a subnet", "IPv6 on", "way out", "nothing"],
)
def test_what_cannot_work_stops_before_a_change(folder, changed, said):
    tasks = yaml.safe_load((ROLE / "tasks" / "preflight.yml").read_text())
    asked = [task for task in tasks if "packet filter" in task["name"] or "way out" in task["name"]]
    assert len(asked) == 2
    play = {"hosts": "localhost", "gather_facts": False, "vars": {**VARIABLES, **changed}, "tasks": asked}
    done = run_playbook(folder, [play])
    assert (done.returncode != 0) == bool(said), done.stdout + done.stderr
    assert said in " ".join(done.stdout.split())
