# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what SELinux and AppArmor say over a tree of files; a small policy answers the questions to the kernel."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import kernel as adapter
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.evidence import Fact
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts import lsm_facts, selinux_facts
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.facts.processes import read_process
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.selinux_label import clearance
from ansible_collections.bulkhead.classroom.tests.unit.plugins.support.fake_kernel import FakeKernel

CLASSES = {"file": ("7", {"ioctl": "1", "read": "2", "write": "3"}), "process": ("2", {"ptrace": "4", "signal": "8"})}
KNOWN = ("container_t", "container_file_t", "spc_t")
APPARMOR = "/sys/module/apparmor/parameters/enabled"


class Policy(adapter.Kernel):
    """Categories constrain container_t; spc_t may do everything; permissive_t is permissive."""

    asked: list[tuple[str, str]]

    def ask(self, path, question):
        self.asked = [*getattr(self, "asked", []), (path, question)]
        if path == selinux_facts.CONTEXT:
            known = question.split(":")[2] in KNOWN
            return Fact(path, question, question) if known else Fact(path, error="EINVAL Invalid argument")
        source, target, _number = question.split(" ")
        free = ":spc_t:" in source or clearance(source).dominates(clearance(target))
        text = f"{'fffffff7' if free else '1'} ffffffff 0 ffffffff 12 {int(':permissive_t:' in source)}"
        return Fact(path, text, f"{question}: {text}")


@pytest.fixture
def kernel(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.write("/sys/fs/selinux/enforce", "1")
    fake.write("/sys/fs/selinux/mls", "1")
    for name, (index, permissions) in CLASSES.items():
        fake.write(f"/sys/fs/selinux/class/{name}/index", index)
        for permission, number in permissions.items():
            fake.write(f"/sys/fs/selinux/class/{name}/perms/{permission}", number)
    for name, value in {"container_use_nfs": "1 0", "httpd_can_network_connect": "1 1"}.items():
        fake.write(f"/sys/fs/selinux/booleans/{name}", value)
    return Policy(str(tmp_path))


def record(level, kind="container_t", files=True):
    label = f"system_u:system_r:{kind}:{level}"
    declared = {"mount_label": f"system_u:object_r:container_file_t:{level}" if files else "", "process_label": label}
    return {"processes": [{"label": label}], "declared": declared}


def allowed(answers, level, kind="container_t"):
    entries = answers["crossings"][f"system_u:system_r:{kind}:{level}"]
    return {(one["class"], one["to"].rsplit("s0", 1)[1]): one["allowed"]["value"] for one in entries}


def test_switches_about_containers_are_read_and_no_others(kernel):
    assert selinux_facts.read_selinux(kernel)["booleans"]["value"] == {"container_use_nfs": "1 0"}


def test_each_is_asked_about_the_next_one_and_refused(kernel):
    answers = selinux_facts.ask_policy(kernel, [record("s0:c1,c2"), record("s0:c3,c4"), record("s0:c5,c6")], [])
    assert allowed(answers, "s0:c1,c2") == {("file", ":c3,c4"): [], ("process", ":c3,c4"): []}
    assert allowed(answers, "s0:c5,c6") == {("file", ":c1,c2"): [], ("process", ":c1,c2"): []}
    assert answers["domains"]["container_t"]["value"] == "enforced"
    assert {one["value"] for one in answers["contexts"].values()} == {"loaded"} and len(answers["contexts"]) == 6
    # Two for each container, one for the type, one for each label: the work grows with the containers.
    assert len(kernel.asked) == 3 * 2 + 1 + 6


def test_what_categories_do_not_constrain_goes_everywhere(kernel):
    answers = selinux_facts.ask_policy(kernel, [record("s0:c1,c2", "spc_t"), record("s0:c3,c4")], [])
    assert allowed(answers, "s0:c1,c2", "spc_t") == {
        ("file", ":c3,c4"): ["read", "write"],
        ("process", ":c3,c4"): ["signal"],
    }
    assert allowed(answers, "s0:c3,c4")["file", ":c1,c2"] == []


def test_who_is_contained_is_not_asked_about(kernel):
    containers = [record("s0:c1,c2,c3"), record("s0:c1,c2"), record("s0")]
    answers = selinux_facts.ask_policy(kernel, containers, [])
    assert allowed(answers, "s0:c1,c2,c3") == {}
    assert set(allowed(answers, "s0:c1,c2")) == {("file", ":c1,c2,c3"), ("process", ":c1,c2,c3")}


def test_a_neighbour_has_processes_and_no_label_for_files(kernel):
    neighbour = {"processes": [{"label": "system_u:system_r:container_t:s0:c8,c9"}]}
    assert set(allowed(selinux_facts.ask_policy(kernel, [record("s0:c1,c2")], [neighbour]), "s0:c1,c2")) == {
        ("process", ":c8,c9")
    }


def test_a_permissive_type_and_one_that_the_policy_lost(kernel):
    answers = selinux_facts.ask_policy(kernel, [record("s0:c1,c2", "permissive_t")], [])
    assert answers["domains"]["permissive_t"]["value"] == "permissive"
    assert answers["contexts"]["system_u:system_r:permissive_t:s0:c1,c2"]["value"] == "unknown"


@pytest.mark.parametrize("lost", ["class/file/index", "class/file/perms/read"])
def test_a_class_that_cannot_be_read_is_no_refusal(kernel, lost):
    kernel.at(f"/sys/fs/selinux/{lost}").unlink()
    answers = selinux_facts.ask_policy(kernel, [record("s0:c1,c2"), record("s0:c3,c4")], [])
    (file, process) = answers["crossings"]["system_u:system_r:container_t:s0:c1,c2"]
    assert file["allowed"]["error"].startswith("ENOENT") and process["allowed"]["value"] == []


@pytest.mark.parametrize("text", ["", "1 2 3", "x y z 0 1 w"])
def test_an_answer_of_another_form_is_an_error(kernel, text):
    class Strange(Policy):
        def ask(self, path, question):
            return Fact(path, text, text)

    decided = selinux_facts.decision(Strange(kernel.root), "a", "b", "file")
    assert decided.error.startswith("EPROTO")


def test_a_host_without_selinux_is_asked_nothing(tmp_path):
    kernel = Policy(str(FakeKernel(tmp_path).root))
    assert not any(selinux_facts.ask_policy(kernel, [record("s0:c1,c2")], []).values())
    assert not hasattr(kernel, "asked")
    assert selinux_facts.read_selinux(kernel)["booleans"]["error"].startswith("ENOENT")


def test_a_question_is_written_and_its_answer_read_in_one_opening(kernel):
    """A plain file answers with what was written; the kernel's own answers with the decision."""
    fake = adapter.Kernel(kernel.root)
    kernel.at("/sys/fs/selinux/access").write_text("")
    assert fake.ask("/sys/fs/selinux/access", "a b 7") == Fact("/sys/fs/selinux/access", "a b 7", "a b 7: a b 7")
    assert fake.ask("/sys/fs/selinux/none", "a").error.startswith("ENOENT")


def test_processes_of_nobody_known_here_with_categories_are_strangers(tmp_path):
    fake = FakeKernel(tmp_path)
    labels = {100: "s0:c1,c2", 101: "s0:c1,c2", 102: "s0:c3,c4", 103: "s0:c5,c6", 104: "s0", 105: "s0-s0:c0.c1023"}
    for pid, level in labels.items():
        fake.process(pid, f"/docker-{'b' * 64}.scope" if pid == 103 else "/user.slice")
        fake.write(f"/proc/{pid}/attr/current", f"system_u:system_r:svirt_t:{level}")
    containers = [{"processes": [{"pids": [102]}]}]
    assert selinux_facts.read_strangers(fake.kernel, containers, {"b" * 64}).value == []
    fake.write("/sys/fs/selinux/enforce", "1")
    found = selinux_facts.read_strangers(fake.kernel, containers, {"b" * 64}).value
    assert found == [{"pid": 100, "name": "sleep", "label": "system_u:system_r:svirt_t:s0:c1,c2"}]


def test_the_list_of_modules_and_why_it_is_not_there(tmp_path):
    fake = FakeKernel(tmp_path)
    assert lsm_facts.read_lsm(fake.kernel)["list"]["error"].endswith("no securityfs is mounted at /sys/kernel/security")
    fake.write("/sys/kernel/security/evm", "")
    assert lsm_facts.read_lsm(fake.kernel)["list"]["error"] == "ENOENT No such file or directory"
    fake.write("/sys/kernel/security/lsm", "capability,apparmor")
    assert lsm_facts.read_lsm(fake.kernel)["list"]["value"] == "capability,apparmor"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"attr/apparmor/current": "docker-default (enforce)\n"}, "docker-default (enforce)"),
        # Before 5.8 the folder is not there; then attr/current is AppArmor's.
        ({"attr/current": "docker-default (complain)\n"}, "docker-default (complain)"),
    ],
)
def test_the_profile_of_a_process_is_read_where_apparmor_runs(tmp_path, files, expected):
    fake = FakeKernel(tmp_path)
    fake.process(100)
    assert "apparmor" not in read_process(fake.kernel, 100)
    fake.write(APPARMOR, "Y\n")
    fake.kernel.forget()
    for name, text in files.items():
        fake.write(f"/proc/100/{name}", text)
    assert read_process(fake.kernel, 100)["apparmor"] == expected


def test_a_profile_that_cannot_be_read_is_an_error(tmp_path):
    fake = FakeKernel(tmp_path)
    fake.process(100)
    fake.write(APPARMOR, "Y\n")
    fake.write("/proc/100/attr/apparmor/current/x", "")
    read = read_process(fake.kernel, 100)
    assert read["apparmor"] is None and read["errors"]["attr/apparmor/current"].startswith("EISDIR")
