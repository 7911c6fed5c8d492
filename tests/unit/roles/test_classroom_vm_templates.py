# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What role classroom_vm hands to libvirt and to ssh, rendered by Ansible itself."""

from __future__ import annotations

import base64
import json
from xml.etree import ElementTree

import pytest
import yaml
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.playbook import ROOT, results

ROLE = ROOT / "roles" / "classroom_vm"
PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"
MACHINES = [
    {"name": "registry", "address": "192.168.150.10", "memory_mib": 1024, "vcpus": 1},
    {
        "name": "engine1",
        "address": "192.168.150.11",
        "memory_mib": 2048,
        "vcpus": 2,
        "data_disk_gib": 20,
        "data_disk_mount": "/var/lib/docker",
    },
]


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """Every template, for each machine where there is one for each; an emulated classroom and one under KVM."""
    folder = tmp_path_factory.mktemp("rendered")
    # Where a template asks for another one, Ansible looks beside the playbook.
    (folder / "templates").symlink_to(ROLE / "templates")
    keys = folder / "ssh"
    (keys / "hosts").mkdir(parents=True)
    for name in ("id_ed25519", "hosts/registry", "hosts/engine1"):
        (keys / name).write_text(PRIVATE)
        (keys / f"{name}.pub").write_text(f"ssh-ed25519 AAAA{name.replace('/', '')}\n")
    variables = {
        **yaml.safe_load((ROLE / "defaults" / "main.yml").read_text()),
        **yaml.safe_load((ROLE / "vars" / "main.yml").read_text()),
        "classroom_vm_classroom": "classroom",
        "classroom_vm_machines": MACHINES,
        "classroom_vm_image": "/images/0123",
        "classroom_vm_keys": str(keys),
    }
    lookups = {
        f"{template}-{machine['name']}": look_up(template, {"item": machine})
        for template in ("domain.xml", "disks.sh")
        for machine in MACHINES
    }
    lookups |= {template: look_up(template, {}) for template in ("network.xml", "known_hosts", "ssh_config")}
    # A value that the command line gives (-e) is a text.
    cases = {
        "qemu": {"classroom_vm_uplink": "false"},
        "kvm": {"classroom_vm_accelerator": "kvm", "classroom_vm_uplink": "true"},
    }
    return {case: results(folder, [], variables | more, json_of(lookups)) for case, more in cases.items()}


def look_up(template, variables):
    return f"lookup('ansible.builtin.template', '{template}.j2', template_vars={json.dumps(variables)})"


def json_of(lookups):
    return "{" + ", ".join(f"'{name}': {expression}" for name, expression in lookups.items()) + "}"


@pytest.fixture(params=["qemu", "kvm"])
def case(request):
    return request.param


@pytest.fixture(params=["registry", "engine1"])
def machine(request):
    return request.param


def domain(rendered, case, machine):
    return ElementTree.fromstring(rendered[case][f"domain.xml-{machine}"])


def credentials(root):
    """What a machine is told, by name; the binary ones decoded."""
    told = {}
    for entry in root.findall("./sysinfo[@type='smbios']/oemStrings/entry"):
        kind, _colon, rest = entry.text.partition(":")
        name, _equals, value = rest.partition("=")
        assert kind in ("io.systemd.credential", "io.systemd.credential.binary")
        told[name] = base64.b64decode(value).decode() if kind.endswith("binary") else value
    return told


def test_a_domain_is_well_formed_and_carries_the_name_of_its_classroom(rendered, case, machine):
    root = domain(rendered, case, machine)
    assert root.get("type") == case
    assert root.findtext("name") == f"{machine}.classroom"
    home = f"/var/lib/bulkhead/classrooms/classroom/{machine}"
    assert root.findtext("os/kernel") == f"{home}/image/vmlinuz"
    files = [source.get("file") for source in root.findall("devices/disk/source")]
    assert files == [f"{home}/root.qcow2"] + ([f"{home}/data.img"] if machine == "engine1" else [])


def test_no_private_key_stands_in_what_libvirt_gets(rendered, case):
    for name, text in rendered[case].items():
        decoded = "".join(credentials(domain(rendered, case, name[11:])).values()) if "domain" in name else ""
        for secret in ("PRIVATE KEY", "c2VjcmV0", base64.b64encode(PRIVATE.encode()).decode()[:40]):
            assert secret not in text + decoded, name


def test_the_host_key_is_handed_over_as_a_file(rendered, case, machine):
    (entry,) = domain(rendered, case, machine).findall("./sysinfo[@type='fwcfg']/entry")
    assert entry.get("file") == f"/var/lib/bulkhead/classrooms/classroom/{machine}/hostkey"
    assert not entry.text
    # The two meet by this name: the credential of the firmware, and the line of systemd-tmpfiles that writes it.
    name = entry.get("name").rpartition("/")[2]
    line = f"f^ /etc/ssh/ssh_host_ed25519_key 0600 root root - {name}"
    assert line in credentials(domain(rendered, case, machine))["tmpfiles.extra"].splitlines()


def test_a_machine_is_told_who_it_is_and_who_may_enter(rendered, case, machine):
    told = credentials(domain(rendered, case, machine))
    assert told["system.hostname"] == machine
    assert told["ssh.authorized_keys.root"] == "ssh-ed25519 AAAAid_ed25519"
    assert "nameserver 192.168.150.1" in told["tmpfiles.extra"]


def test_only_a_machine_with_a_data_disk_mounts_one(rendered, case):
    assert "fstab.extra" not in credentials(domain(rendered, case, "registry"))
    label, mount, kind, options, *_numbers = credentials(domain(rendered, case, "engine1"))["fstab.extra"].split()
    assert (mount, kind) == ("/var/lib/docker", "xfs")
    assert "pquota" in options.split(",")
    made = rendered[case]["disks.sh-engine1"]
    assert f"mkfs.xfs -q -L {label.partition('=')[2]} " in made
    assert len(label.partition("=")[2]) <= 12
    assert "mkfs" not in rendered[case]["disks.sh-registry"]


def test_a_kernel_that_panics_boots_again(rendered, machine):
    assert "panic=10" in domain(rendered, "kvm", machine).findtext("os/cmdline").split()


def test_mitigations_are_off_only_where_the_processor_is_emulated(rendered, machine):
    assert "mitigations=off" in domain(rendered, "qemu", machine).findtext("os/cmdline")
    assert "mitigations" not in domain(rendered, "kvm", machine).findtext("os/cmdline")


def test_every_machine_boots_with_selinux(rendered, case, machine):
    assert "security=selinux" in domain(rendered, case, machine).findtext("os/cmdline").split()


def test_the_network_reserves_the_address_of_every_card(rendered, case):
    root = ElementTree.fromstring(rendered[case]["network.xml"])
    reserved = {host.get("mac"): (host.get("name"), host.get("ip")) for host in root.findall("ip/dhcp/host")}
    cards = {
        domain(rendered, case, one["name"]).find("devices/interface/mac").get("address"): (one["name"], one["address"])
        for one in MACHINES
    }
    assert reserved == cards
    assert root.find("ip").attrib == {"address": "192.168.150.1", "prefix": "24"}


def test_only_an_uplink_leads_outside(rendered):
    assert ElementTree.fromstring(rendered["qemu"]["network.xml"]).find("forward") is None
    assert ElementTree.fromstring(rendered["kvm"]["network.xml"]).find("forward").get("mode") == "nat"


def test_every_machine_is_known_before_the_first_connection(rendered, case):
    assert rendered[case]["known_hosts"].splitlines() == [
        "registry.classroom.test,192.168.150.10 ssh-ed25519 AAAAhostsregistry",
        "engine1.classroom.test,192.168.150.11 ssh-ed25519 AAAAhostsengine1",
    ]
    assert "StrictHostKeyChecking yes" in rendered[case]["ssh_config"]


def test_the_disk_that_says_that_all_is_done_is_made_last(rendered, case, machine):
    assert rendered[case][f"disks.sh-{machine}"].splitlines()[-1] == "mv root.qcow2.new root.qcow2"
