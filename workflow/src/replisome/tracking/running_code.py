"""The code of a stage as it runs: hashed before it is imported, and seen to be the same after."""

from __future__ import annotations

import gc
import hashlib
import importlib
import sys
from typing import Any

from replisome.errors import ReplisomeError
from replisome.tracking.code_fingerprint import closure
from replisome.tracking.introspect import module_file
from replisome.tracking.stage_key import code_fingerprint, stage_modules


def import_stage(stage: str, identity: dict[str, Any]) -> None:
    """Take a stage's fingerprint, which the process keeps, then import all code that it covers.

    Hashed after the import, an edit that is saved in between would be recorded as what ran; imported later than hashed,
    it would run and not be recorded.

    Raises:
        ReplisomeError: a file changed meanwhile, so that nobody can say what was imported.
    """
    modules = sorted(closure(stage_modules(stage, identity)))
    before = _content(modules)
    code_fingerprint(stage, identity)
    if all(name in sys.modules for name in modules):  # by an earlier call in this process
        return
    gc.disable()  # of a quarter of a million objects that stay, nothing is to be collected
    try:
        for name in modules:
            importlib.import_module(name)
    finally:
        gc.freeze()
        gc.enable()
    if _content(modules) != before:
        raise ReplisomeError(f"the source of the stage '{stage}' changed while it started; run the same command again.")


def _content(modules: list[str]) -> str:
    digest = hashlib.sha256()
    for name in modules:
        path = module_file(name)
        digest.update(path.read_bytes() if path else b"")
    return digest.hexdigest()
