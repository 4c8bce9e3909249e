"""The doctor says what is right, what is wrong, what to do, and about how long a configuration takes."""

import json
import math
import os
import shutil
import time
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from conftest import ROOT
from exported_runs import RECIPES, config_of, finished_run
from planning import load

from replisome.api.checkup import checkup, cluster, forecast, machine, places, sources, speeds, workload
from replisome.api.checkup.finding import size
from replisome.api.checkup.settings import read_configuration
from replisome.commands.doctor import doctor
from replisome.config.catalogue import model_names, part, study_names
from replisome.errors import ReplisomeError
from replisome.tracking import in_use
from replisome.tracking.holder import DEAD
from replisome.training.signature import Sketch

DEMO = ("--configfile", "config/demo.yaml", "--config", "studies=[bloodmnist]", "--no-probe", "--no-network")


def ask(*words: object):
    return CliRunner().invoke(doctor, [str(word) for word in words])


def test_a_demo_is_fit_to_run_and_said_so_as_text_and_json(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    done = ask(*DEMO, "--config", f"results_dir={tmp_path / 'demo'}")
    assert done.exit_code == 0, done.output
    assert "copy of replisome: version" in done.output
    assert "none are needed" in done.output
    told = json.loads(ask(*DEMO, "--config", f"results_dir={tmp_path / 'demo'}", "--json").output)
    assert told["fit"]
    assert {one["state"] for one in told["findings"]} <= {"ok", "warning"}
    assert list(tmp_path.iterdir()) == []  # nothing is written


def test_something_wrong_ends_with_exit_code_1(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    done = ask(*DEMO, "--config", "preset=dmeo")
    assert done.exit_code == 1
    assert "did you mean 'demo'?" in done.output
    (tmp_path / "file").write_text("")
    done = ask(*DEMO, "--config", f"results_dir={tmp_path / 'file' / 'results'}")
    assert done.exit_code == 1
    assert "cannot be written to" in done.output


def test_files_and_values_may_follow_one_another_as_for_snakemake(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    more = tmp_path / "more.yaml"
    more.write_text("overrides: {bloodmnist: {experiments: {softmax: {seeds: 2}}}}")
    done = ask(*DEMO, "--config", f"results_dir={tmp_path / 'demo'}", "max_seeds=1", "--configfile", more)
    again = ask("--configfile", DEMO[1], more, "--config", DEMO[3], f"results_dir={tmp_path / 'demo'}", *DEMO[4:])
    assert "; 2 runs into" in done.output
    assert "; 5 runs into" in again.output
    assert "belongs to no option" in ask("results/demo").output


def test_another_copy_of_replisome_is_refused(tmp_path):
    other = tmp_path / "clone"
    (other / "workflow/src/replisome").mkdir(parents=True)
    (other / "Snakefile").write_text("")
    found = machine.copy_in_use(other / "workflow")
    assert found.state == "wrong"
    assert str(other / "workflow/src") in found.remedy
    assert machine.copy_in_use(ROOT / "docs").state == "ok"
    assert machine.copy_in_use(tmp_path).state == "warning"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(machine, "devices", list)
        told = list(checkup.look(checkup.Asked(), other))
    assert {title for title, _ in told} == {"Machine"}  # nothing else is of any use


def test_packages_are_compared_with_the_pins(tmp_path):
    pins = tmp_path / "envs" / "requirements.txt"
    pins.parent.mkdir()
    pins.write_text(f"# why\ntorch=={torch.__version__.partition('+')[0]}\nclick==0.1\nno-such-package==1.0 # why\n")
    states = {one.state: one.found for one in machine.packages(tmp_path) if one.about == "packages"}
    assert "no-such-package 1.0" in states["wrong"]
    assert "click" in states["warning"]
    assert "torch" not in states["warning"]  # a build for CPUs is the version that is pinned


def test_what_is_asked_of_the_configuration_is_read_as_snakemake_does(root):
    (root / "mine.yaml").write_text("overrides: {bloodmnist: {seeds: {first: 2}}}")
    (root / "more.yaml").write_text("overrides: {bloodmnist: {title: mine}}")
    found = read_configuration(root, [root / "mine.yaml", root / "more.yaml"], ["max_seeds=2", "mirror=null"])
    assert found["overrides"] == {"bloodmnist": {"seeds": {"first": 2}, "title": "mine"}}
    assert found["max_seeds"] == 2
    assert found["mirror"] is None
    with pytest.raises(ReplisomeError, match="write key=value"):
        read_configuration(root, [], ["max_seeds"])
    with pytest.raises(ReplisomeError, match="no such file"):
        read_configuration(root, [root / "none.yaml"], [])


@pytest.fixture
def real(tmp_path):
    """A plan that needs the official file and has an address for it, with an empty mirror."""
    config = {**read_configuration(ROOT, [], []), "studies": ["bloodmnist"], "resources_dir": str(tmp_path / "raw")}
    (tmp_path / "mirror").mkdir()
    return load(**config), {**config, "mirror": str(tmp_path / "mirror")}


def test_a_raw_file_must_be_fetched_is_wrong_or_is_at_hand(real, tmp_path, monkeypatch):
    plan, config = real
    mirror = Path(config["mirror"])
    (file,) = sources.needed(plan, config)
    (found,) = sources.at_hand([file], mirror)
    assert "must be fetched from https://" in found.found
    assert sources.to_fetch([file], mirror) == [file]
    given = mirror / file.entry["study"] / file.entry["file"]
    given.parent.mkdir()
    given.write_bytes(b"something else")
    (found,) = sources.at_hand([file], mirror)
    assert found.state == "wrong"
    assert "the ledger has" in found.found
    monkeypatch.setitem(file.entry, "checksum", None)
    (found,) = sources.at_hand([file], mirror)
    assert (found.state, "will be copied" in found.found) == ("ok", True)
    assert sources.to_fetch([file], mirror) == []


def test_a_closed_network_is_said_and_no_error(real):
    plan, config = real
    (file,) = sources.needed(plan, config)
    nobody = file._replace(entry={**file.entry, "addresses": ["http://127.0.0.1:9/file"]})  # nobody listens there
    (found,) = sources.reachable([nobody], timeout=1)
    assert found.state == "warning"
    assert "closed" in found.found
    assert "mirror" in found.remedy
    assert [one.state for one in sources.reachable([])] == ["ok"]


def test_an_address_that_answers_with_an_error_is_named(real, monkeypatch):
    plan, config = real
    (file,) = sources.needed(plan, config)
    for answer, state in (("answers 404", "warning"), (None, "ok")):
        monkeypatch.setattr(sources, "_answer", lambda address, timeout, answer=answer: answer)
        (found,) = sources.reachable([file])
        assert found.state == state
        assert answer is None or answer in found.found


def test_the_lock_and_a_full_disk_are_seen(tmp_path):
    assert [one.state for one in places.occupied(tmp_path, tmp_path / "results")] == ["ok"]
    lock = tmp_path / ".snakemake" / "locks" / "0.input.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("")
    (found,) = places.occupied(tmp_path, tmp_path / "results")
    assert "--unlock" in found.remedy
    results = tmp_path / "results"
    results.mkdir()
    who = {"host": "there", "machine": "another", "pid": 1, "since": "today", "folder": results.stat().st_ino}
    (results / in_use.FILE).write_text(json.dumps(who))
    _, used = places.occupied(tmp_path, results)
    assert "process 1 on there, since today" in used.found
    long_ago = time.time() - 2 * DEAD
    os.utime(results / in_use.FILE, (long_ago, long_ago))
    assert len(list(places.occupied(tmp_path, results))) == 1  # a call that gives no sign of life is over
    free = shutil.disk_usage(tmp_path).free
    states = [places.space(tmp_path / "new", needed, "results").state for needed in (1e3, 0.7 * free, 2 * free)]
    assert states == ["ok", "warning", "wrong"]


def test_slurm_is_found_with_its_partitions(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert [one.found for one in cluster.slurm()] == ["not here: jobs run on this machine"]
    for name, text in (("sinfo", "echo 'main* 2 nodes 8 cores gpu:a100:2 1-00:00:00'"), ("squeue", "echo job")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    assert "without sbatch" in next(cluster.slurm()).found
    (tmp_path / "sbatch").symlink_to(tmp_path / "squeue")
    found, accounting = cluster.slurm()
    assert "gpu:a100:2" in found.found
    assert "1 jobs of yours" in found.found
    assert "does not run" in accounting.found
    (tmp_path / "sinfo").write_text("#!/bin/sh\nexit 1\n")
    assert "is slurmctld up?" in next(cluster.slurm()).found


@pytest.mark.parametrize("study", [*study_names(), "_template"])
def test_each_study_says_what_its_data_are_like_before_they_are_there(study, tmp_path):
    module = part(study, "signature")
    sketch = module.sketch(RECIPES.get(study, {"source": {"control": "blobs"}}))
    task = speeds.task_of(study, sketch.statistics, tmp_path)
    inputs, targets = module.random_items(task, 3, torch.Generator().manual_seed(0))
    assert tuple(inputs.shape[1:]) == task.data.shape
    assert len(targets) == 3
    assert set(sketch.items) == {"train", "validation", "test"}
    assert sketch.bytes > 0


def test_sketches_of_all_shipped_recipes_make_tasks(tmp_path):
    plan = load(studies="all", preset="full")
    kinds = forecast.kinds_of(workload.work(plan, tmp_path), tmp_path, tmp_path)
    assert all(kind.key is not None for kind in kinds)
    assert {kind.work.run.model for kind in kinds} <= set(model_names())


def test_a_run_is_probed_without_data():
    sketch = part("genome", "signature").sketch(RECIPES["genome"])
    trained = speeds.probe(config_of("genome", "char_lstm", embedding=2, hidden=3, layers=1, dropout=0.0), sketch)
    assert trained is not None
    assert 0 < trained.train < 10
    solved = speeds.probe(config_of("genome", "context_counts", k=2), sketch)
    assert solved is not None
    assert solved.fixed >= 0
    assert speeds.probe(config_of("genome", "cnn"), sketch) is None  # images, not tokens


def test_recorded_speeds_make_the_forecast_and_finished_runs_take_nothing(tmp_path, monkeypatch):
    results = tmp_path / "results"
    run = finished_run(results, "genome", "char_lstm", embedding=2, hidden=3, layers=1, dropout=0.0)
    (run.parents[3] / "card.json").write_text(json.dumps({"counts": {"train": 20, "validation": 10, "test": 10}}))
    found = speeds.recorded([results])
    ((key, speed),) = found.items()
    assert key[:2] == ("genome", "char_lstm")
    assert speed.train == pytest.approx(2.0 / 40)  # seconds of 10 steps of 4 items
    assert speed.score == pytest.approx(0.2 / 20)  # two rounds of 10 items
    monkeypatch.setattr(speeds, "processor", lambda: "another")
    assert speeds.recorded([results]) == {}


def test_a_forecast_has_a_range_that_is_wider_the_less_is_known(tmp_path):
    plan = load()
    kinds = forecast.kinds_of(workload.work(plan, tmp_path), tmp_path, tmp_path)
    jobs = workload.jobs(plan, tmp_path, 0)
    assert {job.stage: job.jobs for job in jobs}["train"] == sum(kind.work.runs for kind in kinds)
    spread = {}
    for source in ("recorded", "probed", "guessed"):
        known = {kind.key: speeds.Speed(1e-3, 1e-4, 10**9, source) for kind in kinds}
        told = forecast.forecast(kinds, known, jobs, forecast.seconds_a_job([]), cores=2)
        spread[source] = told.high / told.low
        assert 0 < told.low < told.high < math.inf
        assert told.sources[source] == sum(kind.work.runs for kind in kinds)
    assert spread["recorded"] < spread["probed"] < spread["guessed"]
    nothing = forecast.forecast(kinds, {}, jobs, forecast.seconds_a_job([]), cores=2)
    (time,) = (one for one in checkup._in_words(nothing, 2, 20.0) if one.about == "time")
    assert time.state == "warning"
    assert "not counted" in time.found
    done = [kind._replace(work=kind.work._replace(done=kind.work.runs)) for kind in kinds]
    none_left = forecast.forecast(done, {}, [job._replace(done=job.jobs) for job in jobs], forecast.SECONDS, cores=2)
    assert none_left.high == 0


def test_memory_that_does_not_do_is_told_with_what_would(monkeypatch):
    monkeypatch.setattr(machine, "memory", lambda: (4 * 10**9, 10**9))
    told = forecast.Forecast([], 1, 2, 1, 3 * 10**9, 10, 0, dict.fromkeys(("unknown", "probed"), 0), [])
    found = {
        one.about: one for one in checkup._in_words(told._replace(stages=[forecast.Expected("train", 1, 1, 2)]), 2, 0)
    }
    assert found["memory"].state == "warning"
    assert found["memory"].remedy == "snakemake --cores 1"


def test_numbers_are_written_for_people():
    assert [size(n) for n in (12, 2_500, 3e9, 4e13)] == ["12 bytes", "2.5 kB", "3.0 GB", "40.0 TB"]
    assert Sketch({}, {}, 0).counted is None
