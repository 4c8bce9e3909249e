"""Setting up: the lock files agree with the requirements, and make builds the right commands."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_house import pins

ROOT = Path(__file__).resolve().parents[2]
ENVS = ROOT / "envs"
LOCKS = ("lock.txt", "lock-dev.txt", "lock-cuda.txt")
PACKAGE = re.compile(r"^([a-z0-9.-]+)==([^ ;]+).*(?:\n[ \t]+.*)*", re.MULTILINE)


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name: str) -> dict[str, re.Match]:
    return {found[1]: found for found in PACKAGE.finditer((ENVS / name).read_text())}


def wanted(name: str) -> dict[str, str]:
    return {normal(package): version for package, version in pins(ENVS / name).items()}


def test_the_lock_files_have_every_required_package_in_the_required_version():
    workflow = {**wanted("requirements.txt"), **wanted("requirements-no-deps.txt")}
    assert workflow.pop("torch")  # its build is chosen on each machine
    assert {name: locked("lock.txt")[name][2] for name in workflow} == workflow
    both = {**locked("lock.txt"), **locked("lock-dev.txt")}
    tools = wanted("requirements-dev.txt")
    assert {name: both[name][2] for name in tools} == tools


def test_every_locked_package_has_hashes_and_stands_once_for_a_platform():
    found = [(package, line[2], line[0].partition("\\")[0]) for name in LOCKS for package, line in locked(name).items()]
    names = {package for package, _, _ in found}
    # Twice only where the tools need it on more platforms than the workflow does, and in one version.
    assert len({(package, platforms) for package, _, platforms in found}) == len(found) > 200
    assert len({(package, version) for package, version, _ in found}) == len(names)
    assert "torch" not in names
    for name in LOCKS:
        for package, found in locked(name).items():
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", found[0]), package


def test_no_package_is_locked_that_nothing_asks_for():
    known = {"torch", *(package for name in LOCKS for package in locked(name))}
    for name in LOCKS:
        for package, found in locked(name).items():
            parents = re.findall(r"^ +#(?: via|  ) (\S.*)$", found[0], re.MULTILINE)
            assert parents, package
            for parent in parents:
                assert parent in known or (ENVS / parent.removeprefix("-r ")).is_file(), f"{package}: {parent}"


def make(*words: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(["make", *words], cwd=ROOT, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def torch_line(*words: str) -> str:
    (line,) = [line for line in make("--dry-run", *words).splitlines() if "'torch==" in line]
    return line


@pytest.mark.parametrize(
    ("installer", "command"),
    [
        ("pip", "{venv}/bin/python -m pip install --quiet --disable-pip-version-check"),
        ("uv", "uv pip install --quiet --python {venv}/bin/python"),
    ],
)
def test_a_laptop_gets_a_torch_without_cuda(tmp_path, installer, command):
    words = ["setup", f"VENV={tmp_path}", "TORCH=cpu", f"INSTALLER={installer}"]
    pin = f"torch=={pins(ENVS / 'requirements.txt')['torch']}"
    start = f"{command.format(venv=tmp_path)} --no-deps"
    linux = torch_line(*words, "SYSTEM=Linux")
    assert linux == f"{start} '{pin}+cpu' --index-url https://download.pytorch.org/whl/cpu"
    # The usual build for macOS has no CUDA.
    assert torch_line(*words, "SYSTEM=Darwin") == f"{start} '{pin}'"
    assert torch_line(words[0], words[1], words[3], "SYSTEM=Linux") == f"{start} '{pin}'"
    commands = make("--dry-run", *words)
    assert f"{start} --require-hashes -r envs/lock.txt" in commands
    assert f"{start} --no-build-isolation --editable ." in commands


def test_an_environment_without_cuda_stays_so(tmp_path):
    (tmp_path / ".torch").write_text("cpu\n")
    assert "+cpu'" in torch_line("demo", f"VENV={tmp_path}", "SYSTEM=Linux")


def test_an_environment_is_set_up_again_when_pins_change_or_another_torch_is_asked_for(tmp_path):
    for name in (".ready", ".ready-dev", ".torch"):
        (tmp_path / name).write_text("\n")
    venv = f"VENV={tmp_path}"
    assert "pip install" not in make("--dry-run", "lint", venv)
    assert "+cpu'" in torch_line("lint", venv, "TORCH=cpu", "SYSTEM=Linux")
    os.utime(tmp_path / ".ready-dev", (0, 0))
    commands = make("--dry-run", "lint", venv)
    assert "lock-dev.txt" in commands
    assert "lock.txt" not in commands
    os.utime(tmp_path / ".ready", (0, 0))
    assert "lock.txt" in make("--dry-run", "lint", venv)


@pytest.fixture
def installed(tmp_path):
    """A folder with the command ``replisome``, as set-up puts it on the PATH."""
    command = tmp_path / "replisome"
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m replisome "$@"\n')
    command.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def test_bash_completes_commands(installed):
    script = """
        eval "$(_REPLISOME_COMPLETE=bash_source replisome)"
        complete -p replisome >/dev/null || exit 1
        COMP_WORDS=(replisome cl) COMP_CWORD=1
        _replisome_completion replisome
        echo "${COMPREPLY[@]}"
    """
    done = subprocess.run(["bash", "-c", script], env=installed, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("claims\n", 0), done.stderr


def test_zsh_completes_commands_with_what_they_do(installed):
    asked = {**installed, "_REPLISOME_COMPLETE": "zsh_complete", "COMP_WORDS": "replisome cl", "COMP_CWORD": "1"}
    done = subprocess.run(["replisome"], env=asked, capture_output=True, text=True, check=False)
    kind, word, line = done.stdout.splitlines()
    assert (kind, word) == ("plain", "claims")
    assert line
    source = {**installed, "_REPLISOME_COMPLETE": "zsh_source"}
    script = subprocess.run(["replisome"], env=source, capture_output=True, text=True, check=True).stdout
    assert "compdef _replisome_completion replisome" in script
