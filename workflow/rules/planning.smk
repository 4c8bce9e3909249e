# Keeps planning quick where there are thousands of jobs (measured by `python -m benchmarks.scale`).
# Requires: nothing. Produces: no rule.
import gc
import weakref

from snakemake import common, rules


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


def look_for_garbage_less_often():
    """Let Python look for unreachable circles of objects less often: what a plan allocates, it keeps."""
    gc.set_threshold(50_000, 20, 100)


read_signatures_once()
look_for_garbage_less_often()
