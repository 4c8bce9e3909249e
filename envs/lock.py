"""Write the lock files from the requirements: every package of every platform, with the hashes of its files.

``make lock`` calls it. Versions in the present lock files are kept where the requirements allow them; ``--upgrade``
takes the newest. torch is in no lock file, since its build (CUDA, CPU) is chosen on each machine.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEADER = "# Made by `make lock` from {sources}: do not edit. {what}\n"
LOCKS = {
    "lock.txt": "All that the workflow needs, but torch and what its CUDA build brings.",
    "lock-dev.txt": "What the tools for tests, lint, types, documentation and exports need beside lock.txt.",
    "lock-cuda.txt": "What torch's CUDA build for Linux needs beside lock.txt.",
}
# A package in uv's output: its pin, then indented lines with hashes and with the packages that need it.
PACKAGE = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==.*(?:\n[ \t]+.*)*", re.MULTILINE)
PARENT = re.compile(r"^ +#(?: via|  ) (?P<parent>\S.*)$", re.MULTILINE)


def packages(text: str) -> dict[str, str]:
    """Return the lines of each package in a lock file, by name."""
    return {found["name"]: found[0] for found in PACKAGE.finditer(text)}


def pin(text: str) -> str:
    """Return a package's version and the platforms that it is for."""
    return text.partition("\\")[0].strip()


def resolve(sources: list[str], *options: str, kept: str = "") -> dict[str, str]:
    """Return the lines of each package that the named requirements need, on Python 3.11 and newer, on any platform.

    Args:
        sources: names of requirements files in envs/.
        options: further options of ``uv pip compile``.
        kept: text of a lock file whose versions are taken where they fit.

    Returns:
        The lines of each package, by name.

    Raises:
        CalledProcessError: the requirements exclude each other; uv has said how.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "lock.txt"
        output.write_text(kept)
        command = ["uv", "pip", "compile", "--quiet", "--no-config", "--universal", "--python-version=3.11"]
        command += ["--generate-hashes", "--no-header", f"--output-file={output}", *options, *sources]
        subprocess.run(command, cwd=HERE, check=True)
        return packages(output.read_text())


def of_cuda(lines: dict[str, str]) -> set[str]:
    """Return the packages that only torch needs, directly or not, and only on Linux."""
    found = {"torch"}
    while True:
        more = {
            name
            for name, text in lines.items()
            if "sys_platform == 'linux'" in text.partition("\\")[0] and set(PARENT.findall(text)) <= found
        } | {"torch"}
        if more <= found:
            return found - {"torch"}
        found |= more


def main() -> None:
    """Resolve everything together, so that the tools fit the workflow's versions, and write the three files."""
    options = ["--upgrade"] if "--upgrade" in sys.argv[1:] else []
    kept = "".join((HERE / name).read_text() for name in LOCKS if (HERE / name).exists())
    everything = resolve(["requirements.txt", "requirements-dev.txt"], *options, kept=kept)
    workflow = resolve(["requirements.txt"], kept="\n".join(everything.values()))
    cuda = of_cuda(workflow)
    alone = resolve(["requirements-no-deps.txt"], "--no-deps")
    parts = {
        "lock.txt": {name: text for name, text in (workflow | alone).items() if name not in cuda | {"torch"}},
        # Also what the workflow needs on some platforms only, and the tools on more of them.
        "lock-dev.txt": {name: text for name, text in everything.items() if pin(text) != pin(workflow.get(name, ""))},
        "lock-cuda.txt": {name: workflow[name] for name in cuda},
    }
    for name, what in LOCKS.items():
        header = HEADER.format(sources="requirements*.txt", what=what)
        (HERE / name).write_text(header + "".join(f"{text}\n" for _, text in sorted(parts[name].items())))


if __name__ == "__main__":
    main()
