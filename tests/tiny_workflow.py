"""A copy of the workflow with the smallest study there is, to run, to change and to break."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, STDOUT

import forking
import yaml

ROOT = Path(__file__).resolve().parents[1]
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
