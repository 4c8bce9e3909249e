"""Commands that tests have forked are what commands in processes of their own are."""

import os
import signal
import subprocess
import sys
import time

import forking
import pytest

SHOWS = """
import os, sys
print(os.getcwd(), sys.argv[1:], os.environ["GIVEN"], sys.stdin.read())
sys.exit({end})
"""
WAITS = """
import os, pathlib, time
pathlib.Path("process").write_text(str(os.getpid()))
time.sleep(600)
"""


@pytest.fixture
def package(tmp_path):
    """Write a package of the same name whose command does what the text says; return how to start it."""

    def start(text, **options):
        (tmp_path / "src/replisome").mkdir(parents=True, exist_ok=True)
        (tmp_path / "src/replisome/__init__.py").touch()
        (tmp_path / "src/replisome/__main__.py").write_text(text)
        command = [sys.executable, "-m", "replisome", "one", "two words"]
        environment = {**forking.environment(tmp_path / "src"), "GIVEN": "as given"}
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        return subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **pipes, **options)

    return start


@pytest.mark.parametrize(("end", "code", "said"), [("0", 0, ""), ("7", 7, ""), ("'why'", 1, "why\n")])
def test_a_fork_has_the_words_the_folder_and_the_streams_of_its_caller_and_gives_its_exit_code(
    package, tmp_path, end, code, said
):
    process = package(SHOWS.format(end=end))
    out, errors = process.communicate("from the caller")
    assert (process.returncode, errors) == (code, said)
    assert out == f"{tmp_path} ['one', 'two words'] as given from the caller\n"


def test_an_error_of_a_fork_is_shown_where_its_caller_shows_errors(package):
    process = package("raise ValueError('no such thing')")
    assert "ValueError: no such thing" in process.communicate()[1]
    assert process.returncode == 1


def test_each_fork_runs_the_source_as_it_is_then(package):
    for word in ("first", "second"):
        assert package(f"print('{word}')").communicate()[0] == f"{word}\n"


def test_who_is_given_a_pipe_reads_from_it(package):
    reading, writing = os.pipe()
    os.write(writing, b"sent")
    process = package(f"import os; print(os.read({reading}, 9))", pass_fds=[reading])
    assert process.communicate() == ("b'sent'\n", "")
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_ends_a_caller_ends_its_fork(package, tmp_path, number):
    process = package(WAITS)
    deadline = time.monotonic() + 120
    while not (tmp_path / "process").exists() or not (tmp_path / "process").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    fork = int((tmp_path / "process").read_text())
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    while is_there(fork):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
