"""A logger plugin of Snakemake: one line a finished job, a running total, and what went wrong last.

The Snakefile makes it the default (``workflow/rules/terminal.smk``); where it is installed, ``--logger replisome`` of
any workflow finds it.
"""

from __future__ import annotations

from snakemake_logger_plugin_replisome.handler import LogHandler

__all__ = ["LogHandler"]
