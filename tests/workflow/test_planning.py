"""How often Snakemake looks into the functions of rules while it plans."""

import subprocess
import sys
from pathlib import Path

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
