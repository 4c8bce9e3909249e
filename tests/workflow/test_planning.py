"""How often Snakemake looks into the functions of rules while it plans."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RULES = Path(__file__).resolve().parents[2] / "workflow" / "rules"
JOBS = 30
SNAKEFILE = """
import atexit, inspect, sys

looked = []
look = inspect.signature
inspect.signature = lambda function, **more: looked.append(function) or look(function, **more)
atexit.register(lambda: print("looked", len(looked), file=sys.stderr))

include: "{rules}/planning.smk"

rule all:
    input:
        [f"{{i}}.txt" for i in range({jobs})],

rule one:
    input:
        lambda w: [],
    output:
        "{{i}}.txt",
    params:
        one=lambda w, output: str(output),
        two=lambda w: w.i,
    resources:
        mem_mb=lambda w, attempt: 100 * attempt,
    shell:
        "echo {{params.one}} {{params.two}} > {{output}}"
"""


AGED = """
include: "{rules}/planning.smk"

rule one:
    input:
        "in",
    output:
        "one.txt", "two.txt",
    benchmark:
        "one.tsv"
    shell:
        "touch {{output}}"
"""


def test_a_function_is_looked_into_once_however_many_jobs_call_it(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(rules=RULES, jobs=JOBS))
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    looked = next(int(line.split()[1]) for line in done.stderr.splitlines() if line.startswith("looked"))
    assert looked < JOBS, done.stderr  # untended: some ten a job
    assert done.stdout.count("rule one:") == JOBS


WITHIN = """
include: "{rules}/planning.smk"

rule all:
    input:
        "a/b", "a-b", "a/bc", "{within}",

rule one:
    output:
        directory("a/b"),
    shell:
        "mkdir -p {{output}}"

rule two:
    output:
        "{{name}}",
    wildcard_constraints:
        name="a-b|a/bc|{within}",
    shell:
        "touch {{output}}"
"""


@pytest.mark.parametrize(("within", "refused"), [("a/b/c", True), ("a/c", False)])
def test_an_output_within_the_folder_that_another_job_makes_is_refused(tmp_path, within, refused):
    (tmp_path / "Snakefile").write_text(WITHIN.format(rules=RULES, within=within))
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode != 0) == refused, done.stderr
    assert ("File/directory is a child to another output" in done.stdout + done.stderr) == refused


def test_what_is_older_than_its_input_or_its_benchmark_says_is_made_again(tmp_path):
    (tmp_path / "Snakefile").write_text(AGED.format(rules=RULES))
    (tmp_path / "in").touch()
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--rerun-triggers", "mtime", "--quiet", "all"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=300, capture_output=True)

    def runs():
        said = subprocess.run([*command[:-2], "--dry-run"], cwd=tmp_path, capture_output=True, text=True, check=True)
        return "rule one:" in said.stdout

    assert not runs()
    (tmp_path / "in").write_text("of equal content it would not count")
    for oldest in ("one.txt", "two.txt", "one.tsv"):
        os.utime(tmp_path / "in", (1e9, 1e9))
        for name in ("one.txt", "two.txt", "one.tsv"):
            os.utime(tmp_path / name, (1e9 + 5, 1e9 + 5))
        assert not runs()
        os.utime(tmp_path / oldest, (1e9 - 5, 1e9 - 5))
        assert runs(), oldest
