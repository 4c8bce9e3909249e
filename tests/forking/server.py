"""A process with the libraries loaded, which forks for each call; see the package's docstring.

python tests/forking/server.py SOCKET: prints "ready", and serves until its standard input is closed.
"""

from __future__ import annotations

import ast
import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import threading
import traceback
import warnings
from pathlib import Path
from types import CodeType

SOURCE = Path(__file__).resolve().parents[2] / "workflow" / "src"
LARGEST = 1 << 20  # bytes of a call: its words and environment


def load_libraries() -> None:
    """Import Snakemake, and all that the package's source imports of others, but nothing of the package."""
    names = {"snakemake.cli"}
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in sorted(names):
            if not name.startswith(("replisome", "snakemake_logger_plugin_replisome", "torch.utils.tensorboard")):
                with contextlib.suppress(ImportError):  # what is used where it is installed
                    importlib.import_module(name)


class Server:
    """Accepts calls, forks for each, and tells the caller how its fork ended; with a caller that is killed it ends."""

    def __init__(self, address: str) -> None:
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(address)
        self.listener.listen(64)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ, self.accept)
        self.selector.register(0, selectors.EVENT_READ, self.leave)
        self.jobs: dict[int, socket.socket] = {}  # by process

    def serve(self) -> None:
        """Serve until standard input ends."""
        while True:
            for key, _ in self.selector.select():
                key.data()

    def leave(self) -> None:
        """End, and end what still runs."""
        for process in self.jobs:
            os.kill(process, signal.SIGKILL)
        os._exit(0)

    def accept(self) -> None:
        """Fork for one call."""
        caller, _ = self.listener.accept()
        message, streams, _, _ = socket.recv_fds(caller, LARGEST, 3)
        process = os.fork()
        if not process:
            become(json.loads(message), streams)
        for stream in streams:
            os.close(stream)
        ended = os.pidfd_open(process)
        self.jobs[process] = caller
        self.selector.register(ended, selectors.EVENT_READ, lambda: self.tell(process, ended))
        self.selector.register(caller, selectors.EVENT_READ, lambda: self.left(process))
        with contextlib.suppress(OSError):  # gone by now, which is seen next
            caller.send(str(process).encode())

    def left(self, process: int) -> None:
        """Kill what nobody waits for any more."""
        self.selector.unregister(self.jobs[process])
        os.kill(process, signal.SIGKILL)

    def tell(self, process: int, ended: int) -> None:
        """Tell a caller how its fork ended."""
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        self.selector.unregister(ended)
        os.close(ended)
        caller = self.jobs.pop(process)
        with contextlib.suppress(KeyError):
            self.selector.unregister(caller)
        with contextlib.suppress(OSError):
            caller.send(str(code).encode())
        caller.close()


def become(call: dict, streams: list[int]) -> None:
    """Do in this fork what ``python -m MODULE WORDS`` does in a process of its own, and end."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    os.closerange(3, 4096)
    os.chdir(call["cwd"])
    os.environ.clear()
    os.environ.update(call["environment"])
    own = [path for path in call["environment"].get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = [call["cwd"], *own, *sys.path[1:]]  # the first was this file's folder
    sys.argv[:] = ["-m", *call["words"]]
    importlib.invalidate_caches()
    code: CodeType | str | int | None = 0
    try:
        runpy.run_module(call["module"], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(BrokenPipeError):
            stream.flush()
    os._exit(int(code or 0))


if __name__ == "__main__":
    server = Server(sys.argv[1])
    print("ready", flush=True)  # who calls before all is loaded waits
    load_libraries()
    gc.collect()
    gc.freeze()
    server.serve()
