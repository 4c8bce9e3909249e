#!/usr/bin/env bash
# submit.sh RULE CPUS MEMORY_IN_MB GPUS MINUTES SCRIPT: hand a script to PBS and print the job's number. At its time limit
# PBS says SIGTERM first; a run then saves its state.
set -euo pipefail
wants="select=1:ncpus=$2:mem=$3mb"
if (($4)); then wants+=":ngpus=$4"; fi
# shellcheck disable=SC2086 -- several words
exec qsub -N "${1:0:15}" -j oe -o .snakemake/ -V -l "$wants" -l "walltime=$(($5 * 60))" ${REPLISOME_SUBMIT-} "$6"
