"""One process at a time writes to a run's folder; who is killed there loses it, and who lost it writes nothing more."""

import json
import os
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from replisome.errors import ReplisomeError
from replisome.io import rename, write_text
from replisome.tracking import lease as lease_module
from replisome.tracking.holder import DEAD, Holder
from replisome.tracking.lease import FILE, Lease, LeaseLostError
from replisome.tracking.verify import output_hashes


@pytest.fixture
def held(tmp_path, monkeypatch):
    """A folder that this process holds, under a job of SLURM."""
    monkeypatch.setenv("SLURM_JOB_ID", "4711")
    lease = Lease(tmp_path)
    assert lease.try_take()
    yield lease
    lease.release()


def rewrite(folder, **changes):
    path = folder / FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def gone_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_second_writer_is_refused_with_host_process_job_and_remedy(held, tmp_path):
    second = Lease(tmp_path)
    assert not second.try_take()
    with pytest.raises(
        ReplisomeError, match=f"host .*process {os.getpid()}, SLURM job 4711.*scancel 4711.*delete .*{FILE}"
    ):
        second.take(0)
    second.release()
    assert (tmp_path / FILE).exists()


def test_a_second_writer_waits_until_the_first_has_ended(held, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(lease_module, "LOOK", 0.01)
    told = threading.Event()
    monkeypatch.setattr(lease_module.time, "sleep", lambda seconds: (told.set(), threading.Event().wait(seconds)))
    with ThreadPoolExecutor(1) as pool:
        second = Lease(tmp_path)
        waiting = pool.submit(second.take, None)
        assert told.wait(10)
        held.release()
        waiting.result(10)
    assert second.predecessor is None
    assert capsys.readouterr().err.count("another process writes to this folder") == 1
    second.release()
    assert not tmp_path.exists()


def test_who_died_without_a_word_is_followed_and_named(held, tmp_path):
    pid = gone_process()
    rewrite(tmp_path, pid=pid)
    second = Lease(tmp_path)
    assert second.try_take()
    assert second.predecessor["pid"] == pid
    assert second.predecessor["slurm_job"] == "4711"
    second.release()


def test_a_process_on_another_machine_counts_as_dead_only_after_a_long_silence(held, tmp_path):
    rewrite(tmp_path, machine="another", pid=1)
    second = Lease(tmp_path)
    assert not second.try_take()
    past = (tmp_path / FILE).stat().st_mtime - DEAD - 5
    os.utime(tmp_path / FILE, (past, past))
    assert second.try_take()
    second.release()


def test_of_many_that_follow_a_dead_process_one_does(held, tmp_path):
    rewrite(tmp_path, pid=gone_process())
    leases = [Lease(tmp_path) for _ in range(16)]
    with ThreadPoolExecutor(16) as pool:
        taken = list(pool.map(Lease.try_take, leases))
    assert sum(taken) == 1
    for lease in leases:
        lease.release()
    assert not tmp_path.exists()


def test_who_dies_while_taking_over_keeps_nobody_out(held, tmp_path, monkeypatch):
    rewrite(tmp_path, pid=gone_process())
    content = (tmp_path / FILE).read_bytes()
    dying = Holder(tmp_path, FILE)
    monkeypatch.setattr(dying, "content", lambda: os._exit(0))  # between the claim and the replacement
    child = os.fork()
    if child == 0:
        dying.put(content)
    os.waitpid(child, 0)
    assert len(list(tmp_path.iterdir())) == 2
    second = Lease(tmp_path)
    second.take(5)
    second.release()
    assert not tmp_path.exists()


def test_who_lost_the_folder_is_told_and_writes_nothing_more(tmp_path):
    told = threading.Event()
    lease = Lease(tmp_path, beat=0.01, lost=told.set)
    assert lease.try_take()
    write_text(tmp_path / "before.txt", "whole")
    rewrite(tmp_path, token="another")
    with pytest.raises(LeaseLostError, match="another process took this folder"):
        write_text(tmp_path / "after.txt", "late")
    with pytest.raises(LeaseLostError):
        rename(tmp_path / "before.txt", tmp_path / "after.txt")
    assert told.wait(10)
    lease.release()
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE, "before.txt"]
    write_text(tmp_path / "after.txt", "of nobody's lease")


def test_a_lease_that_somebody_deleted_is_made_again(tmp_path):
    lease = Lease(tmp_path)
    assert lease.try_take()
    (tmp_path / FILE).unlink()
    write_text(tmp_path / "a.txt", "whole")
    assert not Lease(tmp_path).try_take()
    lease.release()


def test_a_copy_of_a_folder_and_a_damaged_lease_keep_nobody_out(held, tmp_path):
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy2(tmp_path / FILE, copy / FILE)
    with Lease(copy):
        (copy / "a.txt").touch()
    (copy / FILE).write_text("{")
    with Lease(copy):
        pass
    assert [path.name for path in copy.iterdir()] == ["a.txt"]


def test_a_lease_is_no_output(held, tmp_path):
    (tmp_path / "a.txt").write_text("whole")
    assert list(output_hashes(tmp_path)) == ["a.txt"]
