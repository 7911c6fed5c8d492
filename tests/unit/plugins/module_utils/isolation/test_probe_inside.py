# Copyright (c) 2026, The Bulkhead authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs in a twin, and the image that it runs from: deadlines, answers, and nothing that is not needed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes import image
from ansible_collections.bulkhead.classroom.plugins.module_utils.isolation.probes.inside import (
    attempts,
    calls,
    limits,
    main,
    neighbours,
)


def raises(error: BaseException):
    def attempt(given):
        raise error

    return attempt


BEHAVIOURS = {
    "answers": (lambda given: [("an attempt", "EPERM")], {"tried": [["an attempt", "EPERM"]]}),
    "says much": (lambda given: [("x" * 300_000, "")], {"tried": [["x" * 300_000, ""]]}),
    "skips": (raises(calls.Skipped("root already")), {"skipped": "root already"}),
    "knows no number": (raises(calls.Unknown("no number")), {"unknown": "no number"}),
    "fails": (raises(PermissionError(13, "Permission denied")), {"error": "EACCES [Errno 13] Permission denied"}),
    "crashes": (raises(KeyError("disk")), {"error": "KeyError 'disk'"}),
    "is filtered": (lambda given: os.kill(os.getpid(), signal.SIGSYS), {"tried": [["a system call", "SIGSYS"]]}),
    "is killed": (lambda given: os.kill(os.getpid(), signal.SIGKILL), {"error": "SIGKILL the probe was killed"}),
    "hangs": (lambda given: time.sleep(60), {"error": "SIGALRM no answer within 1 s"}),
}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_whatever_a_probe_does_the_run_goes_on(monkeypatch, capfd, name):
    function, expected = BEHAVIOURS[name]
    monkeypatch.setattr(main, "DEADLINE", 1)
    monkeypatch.setattr(limits, "first_to_die", lambda: None)
    monkeypatch.setattr(main, "PROBES", {"first": function, "last": lambda given: [("the last", "EPERM")]})
    begin = time.monotonic()
    main.probe({"probes": ["first", "last"]})
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert lines == [
        {"probe": "first", **expected},
        {"probe": "last", "tried": [["the last", "EPERM"]]},
        {"probe": "end"},
    ]
    assert time.monotonic() - begin < 5


def test_a_call_says_the_name_of_its_error():
    assert calls.call("close", -1) == "EBADF"
    assert calls.call("getpid") == ""
    assert calls.system_call("io_uring_setup", 0, None) in {"EFAULT", "EINVAL", "EPERM", "ENOSYS"}


def test_a_machine_whose_numbers_are_not_known_is_not_guessed_at(monkeypatch):
    monkeypatch.setattr(calls, "NUMBERS", {})
    with pytest.raises(calls.Unknown):
        calls.system_call("bpf", 0xFFFF, None, 0)


def test_what_was_put_over_a_file_does_not_count_as_the_file(tmp_path):
    (tmp_path / "file").write_text("x")
    assert calls.opened(str(tmp_path / "file"), os.O_RDONLY) == ""
    assert calls.opened("/dev/null", os.O_RDONLY) == calls.MASKED
    assert calls.opened(str(tmp_path / "none"), os.O_WRONLY) == "ENOENT"


def test_a_process_is_told_from_another_one_with_its_number():
    start = Path(f"/proc/{os.getpid()}/stat").read_text().rpartition(")")[2].split()[19]
    mine = {"pid": os.getpid(), "start": start}
    assert neighbours.visible(mine)[0][1] == "" and neighbours.signal(mine)[0][1] == ""
    other = {"pid": os.getpid(), "start": "1"}
    assert neighbours.visible(other)[0][1] == "ENOENT" and neighbours.signal(other)[0][1] == "ESRCH"


def test_writing_on_a_writable_root_is_seen_and_undone(monkeypatch, tmp_path):
    monkeypatch.setattr(attempts, "ROOM", str(tmp_path))
    assert (f"create {tmp_path}/bulkhead-probe", "") in attempts.root_write({})
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def packed():
    return image.pack()


def test_the_image_is_the_same_as_long_as_its_content_is(packed):
    assert image.pack().digest == packed.digest
    assert {main.__name__.rpartition(".")[2], "calls"} <= {path.rpartition("/")[2][:-3] for path in packed.files}
    assert not [path for path in packed.files if "site-packages" in path or path.startswith(("/", ".."))]


def test_the_image_has_no_source_and_one_program_with_the_bit(packed, tmp_path):
    image.write(packed, tmp_path / "rootfs.tar")
    with tarfile.open(tmp_path / "rootfs.tar") as archive:
        entries = {entry.name: entry for entry in archive}
    assert all(name.startswith(".bulkhead") for name in entries)
    assert not [name for name in entries if name.endswith(".py")]
    assert [name.rpartition("/")[2] for name, entry in entries.items() if entry.mode & 0o6000] == ["elevated"]
    assert entries[".bulkhead/room"].mode == 0o1777


def test_the_image_runs_from_nothing_but_itself(packed, tmp_path):
    """Where it lies does not matter: the same command, at another place."""
    image.write(packed, tmp_path / "rootfs.tar")
    with tarfile.open(tmp_path / "rootfs.tar") as archive:
        archive.extractall(tmp_path, members=[entry for entry in archive if not entry.mode & 0o6000])
    home = f"{tmp_path}{image.HOME}"
    command = [word.replace(image.HOME, home) for word in packed.command]
    done = subprocess.run(
        [*command, "who", "-"], env={"PYTHONHOME": home, "LC_ALL": "C"}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(os.geteuid())
    # The first process of a twin ends by itself.
    subprocess.run([*command, "idle", "0.1"], env={"PYTHONHOME": home, "LC_ALL": "C"}, timeout=60, check=True)


def test_an_interpreter_that_is_static_needs_no_loader():
    assert image.command({"loader": ""}, "loader")[0].endswith("/bin/python3")
    assert image.command({"loader": ""}, "elevated")[0].endswith("/bin/elevated")
    assert image.command({"loader": "/lib/ld.so"}, "elevated")[0].endswith("/lib/elevated")


def test_the_compiled_form_is_taken_by_this_interpreter(tmp_path):
    (tmp_path / "mark.pyc").write_bytes(image.compiled(b"VALUE = 7\n", "mark.py"))
    command = [sys.executable, "-c", "import mark; print(mark.VALUE)"]
    done = subprocess.run(command, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "7"
