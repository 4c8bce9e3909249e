"""A SLURM cluster of one node with two stand-in GPUs, for tests: ``python -m tests.slurm.cluster up``, and ``down``.

It needs root and Debian's packages slurm-wlm and munge. All its files lie in one folder, to which links in /etc/slurm
lead: the plugin takes SLURM_CONF from the environment of its jobs, so the usual place it must be. A machine that has a
configuration there is left alone.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

FOLDER = Path(tempfile.gettempdir(), "replisome-test-cluster")
CONFIGURED = Path("/etc/slurm")
FILES = ("slurm.conf", "gres.conf")
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue")
DAEMONS = ("munged", "slurmctld", "slurmd")
GPUS, CPUS = 2, 4  # more CPUs than a small machine has is allowed: jobs of tests mostly start Python
PATIENCE = 300.0  # seconds within which what is waited for happens, on a busy machine too
NVIDIA = 195  # the major number that makes SLURM set CUDA_VISIBLE_DEVICES; nothing opens these devices

CONFIGURATION = """\
ClusterName=replisome-test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket={folder}/munge.socket
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,batch_sched_delay=0,defer_batch
ReturnToService=2
SwitchType=switch/none
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
MinJobAge=86400
KillWait=5
OverTimeLimit=0
DefMemPerCPU=500
GresTypes=gpu
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus} State=UNKNOWN
PartitionName=cpu Nodes={host} Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes={host} MaxTime=INFINITE State=UP
"""


def missing() -> str | None:
    """Say why no cluster can be started here; None where one can."""
    if os.geteuid() != 0:
        return "only root can start SLURM's daemons"
    if any(_foreign(CONFIGURED / name) for name in FILES):
        return f"a SLURM is configured in {CONFIGURED} already"
    gone = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"{', '.join(gone)} not installed (Debian: slurm-wlm, munge)" if gone else None


def up() -> None:
    """Start what does not run yet of the cluster, and wait until its node takes jobs."""
    folder = FOLDER
    for name in ("state", "spool", "gpus"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # munge's socket lies in it, and must be reached by all
    host = os.uname().nodename.partition(".")[0]
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    more = {"host": host, "folder": folder, "cpus": CPUS, "gpus": GPUS, "memory": pages // 2**20 - 512}
    (folder / "slurm.conf").write_text(CONFIGURATION.format(**more))
    # SLURM counts GPUs by their device files.
    for number in range(GPUS):
        with suppress(FileExistsError):
            os.mknod(folder / "gpus" / f"gpu{number}", 0o600 | 0o020000, os.makedev(NVIDIA, number))
    devices = f"{folder}/gpus/gpu[0-{GPUS - 1}]"
    (folder / "gres.conf").write_text(f"AutoDetect=off\nNodeName={host} Name=gpu File={devices}\n")
    CONFIGURED.mkdir(exist_ok=True)
    for name in FILES:
        (CONFIGURED / name).unlink(missing_ok=True)
        (CONFIGURED / name).symlink_to(folder / name)
    key = folder / "munge.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_bytes(os.urandom(1024))
    for daemon in DAEMONS:
        start(daemon)
    wait_until(lambda: ask("sinfo", "--noheader", "--format=%T").strip() in ("idle", "mixed"))


def down() -> None:
    """Cancel the cluster's jobs, stop its daemons and delete what there is of it."""
    if _process("slurmctld") is not None:
        ask("scancel", "--user=root")
    for daemon in reversed(DAEMONS):
        stop(daemon)
    for name in FILES:
        if not _foreign(CONFIGURED / name):
            (CONFIGURED / name).unlink(missing_ok=True)
    shutil.rmtree(FOLDER, ignore_errors=True)


def start(daemon: str) -> None:
    """Start one of the daemons where it does not run."""
    if _process(daemon) is not None:
        return
    files = {"socket": "munge.socket", "key-file": "munge.key", "seed-file": "munged.seed"}
    files |= {"pid-file": "munged.pid", "log-file": "munged.log"}
    munge = ["--force", *(f"--{option}={FOLDER / name}" for option, name in files.items())]
    subprocess.run([daemon, *(munge if daemon == "munged" else [])], check=True, stdin=subprocess.DEVNULL)
    wait_until(lambda: _process(daemon) is not None)


def stop(daemon: str) -> None:
    """Stop one of the daemons and wait until it is gone."""
    process = _process(daemon)
    if process is not None:
        os.kill(process, signal.SIGTERM)
        wait_until(lambda: _process(daemon) is None)


def ask(*command: str) -> str:
    """Return what one of SLURM's commands prints; nothing where it fails."""
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def jobs(after: int = 0) -> list[dict[str, str]]:
    """Return what SLURM knows of jobs, waiting, running or ended, oldest first: JobId, JobName, JobState, ...

    Args:
        after: only those with a higher number.
    """
    lines = [line for line in ask("scontrol", "show", "job", "--oneliner").splitlines() if line.startswith("JobId=")]
    found = [dict(word.partition("=")[::2] for word in line.split()) for line in lines]
    return sorted((job for job in found if int(job["JobId"]) > after), key=lambda job: int(job["JobId"]))


def newest() -> int:
    """Return the number of the job that was submitted last, or 0."""
    return max((int(job["JobId"]) for job in jobs()), default=0)


def wait_until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it did not within ``patience`` seconds.
    """
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"nothing came of it in {patience:.0f} s: {condition}")
        time.sleep(0.1)


def _foreign(file: Path) -> bool:
    """Say whether a file of SLURM's configuration is there that is not this cluster's."""
    return file.exists() and file.resolve().parent != FOLDER.resolve()


def _process(daemon: str) -> int | None:
    """Return the process of a daemon; None where it does not run."""
    try:
        process = int((FOLDER / f"{daemon}.pid").read_text())
        name, _, state = Path(f"/proc/{process}/stat").read_text().partition("(")[2].rpartition(")")
        return process if name == daemon and state.split()[0] not in "ZX" else None
    except (OSError, ValueError):
        return None


if __name__ == "__main__":
    if (reason := missing()) is not None:
        sys.exit(f"no test cluster: {reason}")
    {"up": up, "down": down}[sys.argv[1]]()
