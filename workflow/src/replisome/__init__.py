"""replisome: re-run small deep-learning studies in biology from raw data to report, and test their claims."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replisome.api.network import Network, load_model
    from replisome.api.results import Results, open_results
    from replisome.api.runs import Run
    from replisome.errors import ReplisomeError

__version__ = "0.6.0"
__all__ = ["Network", "ReplisomeError", "Results", "Run", "__version__", "load_model", "open_results"]

# What Python users call, by module; imported when it is asked for, since the workflow imports this package to plan.
_API = {
    "open_results": "api.results",
    "Results": "api.results",
    "Run": "api.runs",
    "load_model": "api.network",
    "Network": "api.network",
    "ReplisomeError": "errors",
}


def __getattr__(name: str) -> object:
    if name not in _API:
        raise AttributeError(f"module 'replisome' has no attribute '{name}'")
    return getattr(importlib.import_module(f"replisome.{_API[name]}"), name)
