"""How often Snakemake's scheduler looks at the jobs that wait."""

import subprocess
import sys
import time
from pathlib import Path

RULES = Path(__file__).resolve().parents[2] / "workflow" / "rules"
JOBS = 30
SNAKEFILE = """
include: "{rules}/scheduler.smk"

rule all:
    input:
        [f"{{i}}.txt" for i in range({jobs})],

rule one:
    output:
        "{{i}}.txt",
    shell:
        "sleep 0.5; touch {{output}}"
"""


def test_the_scheduler_does_not_look_ever_more_often(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE.format(rules=RULES, jobs=JOBS))
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", "--verbose"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=True,
    )
    looks = done.stdout.count("Ready jobs:")
    seconds = time.monotonic() - began
    assert JOBS / 2 <= looks <= JOBS + 2 * seconds, (looks, seconds)  # untended: 121 in 12 seconds
