# Keeps planning quick where there are thousands of jobs (measured by `python -m benchmarks.scale`).
# Requires: nothing. Produces: no rule.
import gc
import os
import weakref

from snakemake import common, rules
from snakemake.dag import DAG
from snakemake.exceptions import ChildIOException
from snakemake.jobs import Job


def read_signatures_once():
    """Let Snakemake remember which parameters a function has.

    It asks before it calls an input, parameter or resource function, some thirty times a job, and `inspect.signature`
    takes about as long as all such functions of this workflow together (Snakemake 9.27).
    """
    ask = common.get_function_params
    known = weakref.WeakKeyDictionary()

    def params_of(function):
        # A method is made anew each time it is looked up; its function is not, and has one parameter more.
        of_class = getattr(function, "__func__", None)
        try:
            methods = known.setdefault(of_class or function, {})
        except TypeError:  # cannot be remembered
            return ask(function)
        if (is_method := of_class is not None) not in methods:
            methods[is_method] = ask(function)
        return methods[is_method]

    common.get_function_params = rules.get_function_params = params_of


def look_at_outputs_in_turn():
    """Let Snakemake look at the times of a job's outputs one after the other where they lie on a disk.

    It makes a task for each output of each job, all at the same time: at 23,424 runs of six files, 200 MB, though no
    task ever waits for anything (Snakemake 9.27).
    """
    all_at_once = Job.output_mintime.fget

    async def time_of(file):
        return (await file.mtime()).local_or_storage() if await file.exists() else None

    async def output_mintime(job):
        files = [*job.output, *([job.benchmark] if job.benchmark else [])]
        if any(file.is_storage for file in files):
            return await all_at_once(job)
        return min((time for time in [await time_of(file) for file in files] if time is not None), default=None)

    Job.output_mintime = property(output_mintime)


def compare_outputs_as_texts():
    """Let Snakemake find outputs that lie within an output of another job by their names as texts.

    It makes an object of each path and of each part of it, which takes a tenth of the time of a plan (Snakemake 9.27).
    """

    def check_directory_outputs(dag):
        # As the sign that sorts before all others, a slash brings what is within a folder right behind it.
        of = {os.path.abspath(file).replace(os.sep, "\0"): job for job in dag.jobs for file in job.output}
        before = None
        for name in sorted(of):
            if before is not None and name.startswith(f"{before}\0") and of[name] != of[before]:
                raise ChildIOException(parent=before.replace("\0", os.sep), child=name.replace("\0", os.sep))
            before = name

    DAG.check_directory_outputs = check_directory_outputs


def look_for_garbage_less_often():
    """Let Python look for unreachable circles of objects less often: what a plan allocates, it keeps."""
    gc.set_threshold(50_000, 20, 100)


read_signatures_once()
look_at_outputs_in_turn()
compare_outputs_as_texts()
look_for_garbage_less_often()
