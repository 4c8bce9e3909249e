"""One call of the workflow at a time in a results folder."""

import json
import os
import shutil
import subprocess
import sys
import threading

import pytest

from replisome.errors import ReplisomeError
from replisome.tracking.holder import DEAD
from replisome.tracking.in_use import FILE, Use


@pytest.fixture
def held(tmp_path):
    """A folder that a call in this process holds."""
    use = Use(tmp_path)
    use.take()
    yield use
    use.release()


def rewrite(use, **changes):
    content = json.loads(use.path.read_text())
    use.path.write_text(json.dumps({**content, **changes}))


def test_a_second_call_is_refused_with_host_process_and_remedy(held, tmp_path):
    with pytest.raises(ReplisomeError, match=f"in use by .*process {os.getpid()}, since 20.*delete .*{FILE}"):
        Use(tmp_path).take()


def test_a_released_folder_is_free_and_a_call_that_planned_before_starts_again(held, tmp_path):
    planned_before = Use(tmp_path)
    held.release()
    with pytest.raises(ReplisomeError, match="used these results while this one was planning"):
        planned_before.take()
    after = Use(tmp_path)
    after.take()
    after.release()


def test_a_dead_process_is_taken_over_with_a_line(held, tmp_path, capsys):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    rewrite(held, pid=gone.pid)
    use = Use(tmp_path)
    use.take()
    said = capsys.readouterr().err
    assert "taken over from host" in said
    assert f"process {gone.pid}" in said
    use.release()


def test_a_number_that_another_process_has_now_does_not_keep_the_folder(held, tmp_path):
    rewrite(held, began="1")
    use = Use(tmp_path)
    use.take()
    use.release()


def test_a_call_on_another_machine_counts_as_dead_only_after_a_long_silence(held, tmp_path):
    rewrite(held, machine="another", pid=1)
    with pytest.raises(ReplisomeError, match="in use"):
        Use(tmp_path).take()
    past = held.path.stat().st_mtime - DEAD - 5
    os.utime(held.path, (past, past))
    use = Use(tmp_path)
    use.take()
    use.release()


def test_a_copy_of_a_folder_in_use_is_free(held, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy2(held.path, copy / FILE)
    use = Use(copy)
    use.take()
    use.release()


def test_who_lost_the_folder_is_told(tmp_path):
    told = threading.Event()
    use = Use(tmp_path)
    use.take(beat=0.01, lost=told.set)
    rewrite(use, token="another")
    assert told.wait(5)


def test_signs_of_life_are_given(tmp_path):
    use = Use(tmp_path)
    use.take(beat=0.01)
    os.utime(use.path, (1, 1))
    for _ in range(500):
        if use.path.stat().st_mtime > 1:
            break
        threading.Event().wait(0.01)
    assert use.path.stat().st_mtime > 1
    use.release()


def test_a_damaged_file_keeps_nobody_out(tmp_path):
    (tmp_path / FILE).write_text("{")
    use = Use(tmp_path)
    use.take()
    use.release()
