# Whether a result is stale, and whether its folder is in use.
# Requires: common.smk. Produces: stale(); no rule.
import atexit
import contextlib
import functools
import stat
import time

from snakemake.io import _IOFile

from replisome.io import write_text
from replisome.tracking.digests import Digests
from replisome.tracking.in_use import Use
from replisome.tracking.inputs import named
from replisome.tracking.stage_key import RECORD, is_current

STALE_MARK = f"{RESULTS}/.stale"
DIGESTS = Digests(Path(RESULTS, ".digests.json"))
USE = Use(Path(RESULTS))
CURRENT = set()  # folders with a result that is made from today's settings, code and files

if workflow.is_main_process:
    if os.path.isdir(RESULTS) or os.path.isdir(RESOURCES):  # downloads may be older than the results folder
        # Before Snakemake looks at any file, since it remembers which exist; with new content each time, since it
        # compares checksums of small files. A job on a cluster node reads this too, but leaves the mark alone.
        write_text(Path(STALE_MARK), f"{time.time_ns()}\n")
    atexit.register(DIGESTS.save)


def let_hashes_decide():
    """Take from the times of our own files their say in what is to run; the stale mark is newer than anything.

    Snakemake compares times in any case (no trigger of its own turns that off), and calls what is copied, unpacked, or
    written under another clock newer or older as it comes. Its flag `ancient` would also keep a job from running after
    one that it depends on. What is new of an input, its hash says: see stale().
    """
    by_time = _IOFile.is_newer
    folders = tuple(f"{folder}{os.sep}" for folder in (RESULTS, RESOURCES))
    ours = tuple(f"{os.path.abspath(folder)}{os.sep}" for folder in (RESULTS, RESOURCES))
    mark = os.path.abspath(STALE_MARK)

    async def is_newer(file, time):
        if file.startswith(folders) and file != STALE_MARK and ".." not in file:
            return False
        path = os.path.abspath(file)
        return path == mark or (not path.startswith(ours) and await by_time(file, time))

    _IOFile.is_newer = is_newer


let_hashes_decide()


def stale(stage, settings, folder, inputs, whole=()):
    """Return one more input, newer than anything, where the result in `folder` was made from other settings or code,
    or from files with another content, or where a file that makes it `whole` is gone.

    Each stage writes its key and the hashes of its inputs to provenance.json; here they are computed anew and compared.
    Snakemake's own records cannot tell: they know nothing of the library's source, and do not travel with copies.
    """
    if not workflow.is_main_process:  # a job that runs, for whatever reason
        return []
    if not os.path.exists(f"{folder}/{RECORD}"):  # nothing yet: Snakemake sees the missing files itself
        return []
    there = all(os.path.exists(f"{folder}/{name}") for name in whole)
    folder = Path(folder)
    if there and is_current(folder, stage, settings, named(folder, inputs), DIGESTS.of_input):
        CURRENT.add(str(folder))
        return []
    _give_a_time(folder)
    return [STALE_MARK]


def _give_a_time(folder):
    """Give stale files that have none a time: Snakemake takes results of the year 1970, as archives leave, for none."""
    _date(folder.glob("*"))
    _date_benchmarks()


@functools.cache
def _date_benchmarks():
    """Give benchmarks a time too, once a call: of a job's outputs the oldest counts, and they are among them."""
    _date(Path(RESULTS, "benchmarks").rglob("*.tsv"))


def _date(paths):
    for path in paths:
        with contextlib.suppress(OSError):  # another user's, or gone by now
            if path.stat().st_mtime <= 0:
                os.utime(path)


def take_results():
    """Say that these results are in use, and put right what is dated ahead of the clock, which Snakemake refuses."""
    os.makedirs(RESULTS, exist_ok=True)
    try:
        USE.take()
    except ReplisomeError as error:
        raise WorkflowError(str(error)) from None
    atexit.register(USE.release)
    now = time.time()
    for folder in (RESULTS, *(f"{RESOURCES}/{dataset}" for dataset in PLAN.ledger)):
        for place, _, names in os.walk(folder):
            for path in (f"{place}/{name}" for name in names):
                # Another user's, for which Snakemake says what is wrong, or gone by now.
                with contextlib.suppress(OSError):
                    found = os.lstat(path)  # once: there may be hundreds of thousands, far away
                    if stat.S_ISREG(found.st_mode) and found.st_mtime > now:
                        os.utime(path)
