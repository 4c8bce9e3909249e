#!/usr/bin/env bash
# status.sh JOB: say of a job of LSF whether it is running (or waits), a success, or failed. While nobody knows: running.
case $(bjobs -a -noheader -o stat "$1" 2>/dev/null) in
  DONE) echo success ;;
  EXIT | ZOMBI) echo failed ;;
  *) echo running ;;
esac
