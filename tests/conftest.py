"""What several tests share: small data, a copy of the workflow to break, and the real data where it lies."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

import forking
import markupsafe
import numpy as np
import pytest
import yaml
from filelock import FileLock

from replisome.io import file_hash
from replisome.tracking.verify import record_digest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
KEPT_OUT = shutil.ignore_patterns(".git", ".venv", ".snakemake", "results", "resources", "__pycache__", ".*_cache")

# The controls, as small as they can be and still pass through every stage.
TINY = {
    "bloodmnist": {
        "recipes": {"control": {"source": {"options": {"side": 12, "train": 96, "validation": 48, "test": 48}}}},
        "experiments": {
            "variants": {
                "models": {"cnn": {"fixed": {"hidden": 8}, "grid": {"head": ["logits", "softmax"], "lr": [0.003]}}},
                "budget": {"epochs": 2},
                "seeds": 1,
            },
            "softmax": None,
        },
    },
    "rnacompete": {
        "recipes": {
            name: {"source": {"options": {"train": 150, "test": 40}}}
            for name in ("control", "control_kmer2", "control_two")
        },
        "experiments": {
            "architectures": {
                "models": {
                    "bilstm": {"grid": {"width": [3, 4]}},
                    "cnn1d": {"grid": {"width": [3]}},
                },
                "budget": {"epochs": 2},
                "seeds": 1,
            },
            **{name: {"budget": {"epochs": 1}} for name in ("attention", "encodings_sound", "proteins")},
            "baselines": {"models": {"kmer_ridge": {"grid": {"k": [2]}}}},
        },
    },
    "proteinnet": {
        "recipes": {
            name: {
                "crop": 16,
                "source": {"options": {"train": 20, "validation": 6, "test": 7, "shortest": 12, "longest": 24}},
            }
            for name in ("control", "control_reported")
        },
        "experiments": {
            "simple": {"training": {"micro_batch": 5}, "budget": {"epochs": 2}, "seeds": 2},
            "no_dropout": {"budget": {"epochs": 2}, "seeds": 1},
            **{
                name: {
                    "description": "the second network with all it has",
                    "recipes": ["control_reported"],
                    "models": {"conv_attention": {"grid": grid}},
                    "training": {"batch_size": 8},
                    "budget": {"epochs": 3},
                    "seeds": seeds,
                    "select": {"metric": "paper_loss"},
                    "curves": ["test"],
                    "weights": "last",
                    "test": "all",
                }
                for name, grid, seeds in (
                    ("improved", {"dropout": [0.2]}, 2),
                    ("long_run", {"dropout": [0.2], "epochs": [5]}, 1),
                )
            },
            "sound_loss": {"budget": {"epochs": 2}, "seeds": 1},
            "beyond": {
                "models": {
                    "pair_resnet": {"fixed": {"augment": "random_crop"}, "grid": {"width": [4], "channels": [3]}}
                },
                "budget": {"epochs": 2},
                "seeds": 1,
            },
        },
    },
    "genome": {
        "recipes": {
            **{
                name: {"source": {"options": {"bases": 4000}}, "windows": {"length": 40, "blocks": 3}}
                for name in ("control", "control_kmer4")
            },
            **{
                name: {"source": {"options": {"bases": 1500}}, "windows": {"length": 30, "test": 50}}
                for name in ("short_reported", "short_sound", "short_prefix80", "short_sparse")
            },
            **{
                name: {
                    "source": {"options": {"bases": 9000, "repeat": 400, "families": 2, "copies": 4}},
                    "windows": {"length": 40, "blocks": 3},
                }
                for name in ("genes", "genes_homology")
            },
        },
        "experiments": {
            "models": {
                "models": {"char_lstm": {"grid": {"embedding": [3], "hidden": [4], "augment": ["reverse_complement"]}}},
                "budget": {"steps": 4, "every": 3},
                "seeds": 1,
            },
            "models_kmer": {
                "models": {"kmer_lstm": {"grid": {"embedding": [3], "hidden": [4]}}},
                "budget": {"steps": 4, "every": 2},
                "seeds": 1,
            },
            **{
                name: {
                    "models": {"char_lstm": {"grid": {"embedding": [3], "hidden": [4]}}},
                    "budget": {"steps": 4, "every": 2},
                    "seeds": 1,
                }
                for name in ("protocols", "protocols_more")
            },
            "baselines": {"models": {"context_counts": {"grid": {"k": [1, 2]}}}},
            "repeats": {"models": {"context_mix": {"grid": {"orders": [3]}}}},
            "sweep_steps": {
                "description": "runs of two lengths",
                "recipes": ["control"],
                "models": {"char_lstm": {"grid": {"hidden": [4], "steps": [1, 2]}}},
                "training": {},
                "budget": {"steps": 2, "every": 1},
                "seeds": 1,
                "select": {"metric": "accuracy"},
                "test": "selected",
            },
        },
    },
}

PROBE_INFO = (
    (
        "Motif_display_ID", "Gene_name", "Species", "Plasmid_Desc", "AA_seq", "Pfam_RBPs", "Domain_string",
        "Gene_display_name",
    ),
    ("RNCMPT00001", "A1CF", "Hs", "A1CF", "ACDA", "RRM_1,RRM_1", "RRM", "A1CF"),
    ("RNCMPT00002", "ANKHD1", "Hs", "ANKHD1", "KKKK", "KH_1", "KH", "ANKHD1"),
    ("RNCMPT00168", "A2BP1", "Hs", "A2BP1", "WWAA", "RRM_1", "RRM", "RBFOX1"),
    ("RNCMPT00123", "a2bp1", "Dm", "CG32062", "WWAA", "RRM_1", "RRM", "A2BP1"),
    ("RNCMPT00268", "PTBP1", "Hs", "PTBP1", "WYAA", "RRM_1", "RRM", "PTBP1"),
    ("RNCMPT00269", "PTBP1", "Hs", "PTBP1", "WYAA", "RRM_1", "RRM", "PTBP1"),
)  # fmt: skip


@dataclass
class Workflow:
    """A copy of the repository in a folder of its own, with one study's tiny control as its configuration."""

    root: Path
    study: str = "bloodmnist"

    def command(self, *arguments: str, overrides: dict | None, **config: str) -> list[str]:
        """Return the command line of snakemake on the copy."""
        own = self.root / "overrides.yaml"
        chosen = TINY if overrides is None else overrides
        # A job for every run: what a dry run plans is told run by run.
        own.write_text(yaml.safe_dump({"studies": [self.study], "bundle": 0, "overrides": chosen}))
        command = [sys.executable, "-m", "snakemake", *arguments, "--cores", "2"]
        command += ["--snakefile", str(self.root / "Snakefile")]
        command += ["--configfile", str(self.root / "config" / "demo.yaml"), str(own)]
        if config:
            command += ["--config", *(f"{key}={value}" for key, value in config.items())]
        return command

    def run(self, *arguments: str, overrides: dict | None = None, cwd: Path | None = None, **config: str):
        """Call snakemake and wait; returns the finished process, stdout and stderr together."""
        command = self.command(*arguments, overrides=overrides, **config)
        elsewhere = {"--profile", "--executor"} & {*arguments}  # a cluster's jobs are to be processes of the cluster
        own = {"cwd": cwd or self.root, "env": None if elsewhere else forking.environment()}
        return subprocess.run(command, **own, text=True, stdout=PIPE, stderr=STDOUT, check=False)

    def start(self, *arguments: str, overrides: dict | None = None) -> subprocess.Popen[str]:
        """Start snakemake in a process group of its own, to be killed as a whole; nothing of it is forked elsewhere."""
        command = self.command(*arguments, overrides=overrides)
        return subprocess.Popen(command, cwd=self.root, text=True, stdout=PIPE, stderr=STDOUT, start_new_session=True)

    def pending(self, *arguments: str, **more) -> dict[str, int]:
        """Return what a dry run would do, as job counts by rule."""
        done = self.run("--dry-run", *arguments, **more)
        assert done.returncode == 0, done.stdout
        if "Nothing to be done" in done.stdout:
            return {}
        table = done.stdout.rpartition("Job stats:")[2]
        counts = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", table, re.MULTILINE)}
        return {name: count for name, count in counts.items() if name not in ("total", "all")}

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace text in one of the copy's files."""
        path = self.root / file
        text = path.read_text()
        assert old in text, f"{file} has no {old!r}"
        path.write_text(text.replace(old, new))


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory) -> Path:
    """A folder that all workers of this call of pytest have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def finished_study(shared_folder) -> Callable[[str], Path]:
    """Run a study's tiny control to the report, once for all workers; tests take copies of the folder."""

    def finished(study: str) -> Path:
        root = shared_folder / f"finished-{study}" / "replisome"
        with FileLock(f"{root.parent}.lock"):
            if not (root.parent / "done").exists():
                shutil.rmtree(root, ignore_errors=True)
                shutil.copytree(ROOT, root, ignore=KEPT_OUT, symlinks=True)
                done = Workflow(root, study).run()
                assert done.returncode == 0, done.stdout
                (root.parent / "done").touch()
        return root

    return finished


@pytest.fixture(scope="session")
def finished(finished_study) -> Path:
    """The finished tiny workflow of the study on images."""
    return finished_study("bloodmnist")


@pytest.fixture(scope="session")
def finished_rnacompete(finished_study) -> Path:
    """The same with the study whose experiments inherit from one another."""
    return finished_study("rnacompete")


@pytest.fixture(scope="session")
def finished_genome(finished_study) -> Path:
    """The same with the study whose splits share a table and whose budgets are in steps."""
    return finished_study("genome")


@pytest.fixture(scope="session")
def finished_proteinnet(finished_study) -> Path:
    """The same with the study whose splits are streamed and whose baselines are averaged."""
    return finished_study("proteinnet")


@pytest.fixture(scope="session")
def demo(shared_folder) -> Path:
    """The results of the demo as it is shipped. Where ``make demo`` has just run there is nothing left to do."""
    with FileLock(f"{shared_folder}/demo.lock"):
        command = [sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", "config/demo.yaml"]
        own = {"cwd": ROOT, "env": forking.environment()}
        done = subprocess.run(command, **own, text=True, stdout=PIPE, stderr=STDOUT, check=False)
        assert done.returncode == 0, done.stdout
    return ROOT / "results" / "demo"


@pytest.fixture
def workflow(finished, tmp_path) -> Workflow:
    """A finished workflow to edit; file times are those of the original."""
    copy = tmp_path / "replisome"
    shutil.copytree(finished, copy, symlinks=True)
    return Workflow(copy)


@pytest.fixture
def heirs(finished_rnacompete, tmp_path) -> Workflow:
    """A finished workflow of experiments that inherit, to edit."""
    copy = tmp_path / "heirs"
    shutil.copytree(finished_rnacompete, copy, symlinks=True)
    return Workflow(copy, "rnacompete")


@pytest.fixture
def fresh(tmp_path) -> Workflow:
    """A workflow that has not run yet."""
    copy = tmp_path / "fresh"
    shutil.copytree(ROOT, copy, ignore=KEPT_OUT, symlinks=True)
    return Workflow(copy)


@pytest.fixture
def replisome():
    """Call ``python -m replisome`` with arguments a word each; a process that is to have limits is one of its own."""

    def call(*arguments: object, **options) -> subprocess.CompletedProcess[str]:
        source = ROOT / "workflow" / "src"
        limited = {**os.environ, "PYTHONPATH": str(source)}
        environment = limited if "preexec_fn" in options else forking.environment(source)
        command = [sys.executable, "-m", "replisome", *map(str, arguments)]
        return subprocess.run(command, env=environment, text=True, capture_output=True, check=False, **options)

    return call


@pytest.fixture
def mnist_arrays() -> dict[str, np.ndarray]:
    """The arrays of a small, valid MedMNIST file: three classes of 10x10 colour images."""
    rng = np.random.default_rng(0)
    arrays = {}
    for split, size in (("train", 12), ("val", 6), ("test", 6)):
        arrays[f"{split}_images"] = rng.integers(0, 256, size=(size, 10, 10, 3), dtype=np.uint8)
        arrays[f"{split}_labels"] = (np.arange(size) % 3).astype(np.uint8)[:, None]
    return arrays


def shown_on(page: str, study: str, *declared: Mapping[str, Any]) -> list[str]:
    """Return which tables and figures of a study its page shows, each once; the others stand in the line of left out.

    Args:
        page: the text of report.html.
        study: the study's name.
        declared: its tables, its figures, by name.
    """
    left_out = "".join(re.findall(r"Left out: .*", page))
    shown = []
    for name, item in ((name, item) for items in declared for name, item in items.items()):
        times = page.count(f'id="{study}-{name}"')
        if times or getattr(item, "page", 1) == 1:  # of a further page that is not needed nothing is said
            assert times == (f"“{markupsafe.escape(item.title)}”" not in left_out), name
        shown += [name] * times
    return shown


def flip_bit(path: Path, bit: int) -> None:
    """Flip one bit of a file, counted from its start."""
    content = bytearray(path.read_bytes())
    content[bit // 8] ^= 1 << bit % 8
    path.write_bytes(content)


def recorded_as_written(path: Path) -> None:
    """Enter an edited file into the record beside it, as if its stage had written it so."""
    record = path.with_name("provenance.json")
    content = json.loads(record.read_text())
    content["outputs"][path.name] = f"sha256:{file_hash(path)}"
    record.write_text(json.dumps({**content, "digest": record_digest(content)}))


def random_probes(n: int, seed: int = 0) -> list[str]:
    """Return RNA of 30 to 41 bases."""
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ACGU"), size=rng.integers(30, 42))) for _ in range(n)]


@pytest.fixture
def probe_info(tmp_path) -> Path:
    """The metadata of a small probe table: six experiments, some of proteins with similar or equal names."""
    path = tmp_path / "info.tab"
    path.write_text("\n".join("\t".join(row) for row in PROBE_INFO) + "\n")
    return path


@pytest.fixture
def probe_table(tmp_path):
    """Write a probe table: 40 probes in each set, two experiments, every fifth value of the second missing."""

    def write(change=None, name="norm_data.txt", header=("Probe_Set", "RNA_Seq", "RNCMPT00001", "RNCMPT00002")):
        rng = np.random.default_rng(1)
        values = np.exp(rng.normal(size=(80, 2)))
        rows = [
            ["SetA" if i % 2 else "SetB", s, f"{v[0]:.4f}", "NaN" if i % 5 == 0 else f"{v[1]:.4f}"]
            for i, (s, v) in enumerate(zip(random_probes(80), values, strict=True))
        ]
        if change:
            change(rows)
        text = "\n".join("\t".join(row) for row in (header, *rows)) + "\n"
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


@pytest.fixture
def root(tmp_path) -> Path:
    """A root folder with a copy of ``config`` to edit."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    return tmp_path


@pytest.fixture
def real_data() -> Path:
    """The folder with real data, laid out as a mirror."""
    if not SHARED.is_dir():
        pytest.skip(f"real data is not at {SHARED}")
    return SHARED
