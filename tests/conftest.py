"""What several tests share: copies of the workflow, finished or not, small data, and the real data where it lies."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

import forking
import markupsafe
import numpy as np
import pytest
from filelock import FileLock
from tiny_workflow import KEPT_OUT, ROOT, Workflow

from replisome.io import file_hash
from replisome.tracking.verify import record_digest

SHARED = ROOT.parent / "shared" / "data"

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
