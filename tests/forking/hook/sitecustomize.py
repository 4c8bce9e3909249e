"""Python imports this as it starts: calls of the package and of Snakemake are handed over to the server of forks.

Other processes pass, and so do those that were given a pipe beside the three streams, which a fork would not have.
"""

import os
import sys

SERVED = (["-m", "replisome"], ["-m", "snakemake"])


def hand_over(address: str) -> None:
    """Let the server do what this process was started for, and end as that ended."""
    import json  # noqa: PLC0415
    import signal  # noqa: PLC0415
    import socket  # noqa: PLC0415

    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.connect(address)
        call = {"module": sys.orig_argv[2], "words": sys.orig_argv[3:]}
        call |= {"cwd": os.getcwd(), "environment": {**os.environ}}
        socket.send_fds(server, [json.dumps(call).encode()], [0, 1, 2])
        job = int(server.recv(64))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda number, frame: os.kill(job, number))
        code = int(server.recv(64) or 1)
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def has_more_than_three_streams() -> bool:
    """Say whether whoever started this process left it other open files."""
    listed = [int(name) for name in os.listdir("/proc/self/fd")]  # with the listing's own, which is closed by now
    return any(number > 2 and os.path.lexists(f"/proc/self/fd/{number}") for number in listed)


if "REPLISOME_FORKING_SOCKET" in os.environ and sys.orig_argv[1:3] in SERVED and not has_more_than_three_streams():
    hand_over(os.environ["REPLISOME_FORKING_SOCKET"])
