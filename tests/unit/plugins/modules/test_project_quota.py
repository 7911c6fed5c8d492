"""project_quota: the plan, what it refuses, and the kernel's answers in a file system that has no quota."""

from __future__ import annotations

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.classroom.workspaces import PROJECT_BASE, quotas
from ansible_collections.bulkhead.classroom.plugins.module_utils.host import project_quota
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.project_quota import Found, QuotaError
from ansible_collections.bulkhead.classroom.plugins.module_utils.host.quota_control import QuotaControl
from ansible_collections.bulkhead.classroom.plugins.modules.project_quota import run

ADA = {"path": "/homes/ada", "project": 16777217, "size": "1m", "inodes": 100}
MIB = 1 << 20


class FakeControl:
    """A file system in memory: `apply` does what the kernel would."""

    def __init__(self, capacity=1 << 30, **found):
        self.capacity, self.found = capacity, {f"/homes/{name}": have for name, have in found.items()}

    def check(self, wanted):
        project_quota.check_room(wanted, self.capacity, "/dev/vdb")

    def observe(self, want):
        return self.found.get(want.path, Found())

    def apply(self, steps):
        for step in steps:
            want = step.wanted
            self.found[want.path] = Found(True, want.project, True, want.size, want.inodes)


def applied(control, *items, check_mode=False):
    return run({"directories": list(items)}, control, check_mode)


def test_a_new_home_gets_all_and_an_unchanged_one_nothing():
    control = FakeControl(ada=Found(exists=True))
    first, second = applied(control, ADA), applied(control, ADA)
    assert first["steps"] == [{"path": "/homes/ada", "reasons": ["project", "size", "inodes"]}]
    assert control.found["/homes/ada"] == Found(True, 16777217, True, MIB, 100)
    assert second["changed"] is False and second["diff"] == []


@pytest.mark.parametrize(
    ("have", "reasons"),
    [
        (Found(True, 16777217, True, 2 * MIB, 100), ["size"]),
        (Found(True, 16777217, True, MIB, 0), ["inodes"]),
        (Found(True, 0, False, MIB, 100), ["project"]),
        # What is made in it from now on would not be counted.
        (Found(True, 16777217, False, MIB, 100), ["project"]),
    ],
)
def test_only_what_differs_is_set(have, reasons):
    assert applied(FakeControl(ada=have), ADA)["steps"] == [{"path": "/homes/ada", "reasons": reasons}]


def test_check_mode_predicts_a_directory_that_is_not_there_yet():
    control = FakeControl()
    assert applied(control, ADA, check_mode=True)["changed_paths"] == ["/homes/ada"]
    assert control.found == {}
    with pytest.raises(QuotaError, match="no such directory"):
        applied(control, ADA)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": "0"}, "/homes/ada: size: 0 would mean no limit"),
        ({"size": "much"}, "'much' is no size"),
        ({"inodes": 0}, "0 inodes would mean no limit"),
        ({"project": 0}, "project 0 is none"),
        ({"project": 1 << 32}, "project 4294967296 is none"),
        ({"size": "2g"}, r"do not fit on /dev/vdb \(1024 MiB\)"),
    ],
)
def test_what_is_no_limit_is_refused(change, message):
    with pytest.raises(QuotaError, match=message):
        applied(FakeControl(ada=Found(exists=True)), {**ADA, **change})


def test_two_directories_share_no_project():
    with pytest.raises(QuotaError, match="project 16777217 is listed twice"):
        applied(FakeControl(), ADA, {**ADA, "path": "/homes/grace"}, check_mode=True)


def test_a_file_system_without_project_quota_is_named(tmp_path):
    table = tmp_path / "mountinfo"
    table.write_text("20 1 8:1 / / rw - ext4 /dev/root rw\n21 20 8:2 / /quota rw - xfs /dev/q rw,prjquota\n")
    control = QuotaControl(str(table))
    with pytest.raises(QuotaError, match=r"/homes/ada lies on a file system without project quota \(ext4 on /\)"):
        control.check(project_quota.parse([ADA]))
    with pytest.raises(QuotaError, match="no mount"):
        table.write_text("")
        QuotaControl(str(table)).check(project_quota.parse([ADA]))


def test_students_have_projects_far_from_those_of_the_engine():
    pairs = {"ada": "c1,c2", "grace": "c2,c1023", "linus": "c0,c1"}
    made = quotas([{"name": name} for name in pairs], pairs, "/homes", "512m", 20000)
    projects = [one["project"] for one in made]
    assert len(set(projects)) == 3 and min(projects) > PROJECT_BASE
    assert made[0] == {"path": "/homes/ada", "project": PROJECT_BASE + 2049, "size": "512m", "inodes": 20000}
    project_quota.parse(made)
