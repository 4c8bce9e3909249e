#!/usr/bin/env bash
# submit.sh RULE CPUS MEMORY_IN_MB GPUS MINUTES SCRIPT: hand a script to LSF and print the job's number. A minute before its
# time limit LSF says SIGTERM; a run then saves its state.
set -euo pipefail
wants=(-J "$1" -oo ".snakemake/lsf-%J.log" -n "$2" -R "span[hosts=1] rusage[mem=$3MB]" -M "$3MB" -W "$5" -wt 1 -wa TERM)
if (($4)); then wants+=(-gpu "num=$4"); fi
# shellcheck disable=SC2086 -- several words
bsub "${wants[@]}" ${REPLISOME_SUBMIT-} "$6" | sed -n 's/^Job <\([0-9]*\)>.*/\1/p'
