#!/usr/bin/env bash
# status.sh JOB: say of a job of PBS whether it is running (or waits), a success, or failed. While nobody knows: running.
told=$(qstat -x -f "$1" 2>/dev/null) || { echo running; exit 0; }
state=$(sed -n 's/^ *job_state = //p' <<<"$told")
code=$(sed -n 's/^ *Exit_status = //p' <<<"$told")
case $state in
  F | C | X) if [[ $code == 0 ]]; then echo success; else echo failed; fi ;;
  *) echo running ;;
esac
