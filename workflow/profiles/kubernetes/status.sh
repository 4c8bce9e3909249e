#!/usr/bin/env bash
# status.sh JOB: say of a job of Kubernetes whether it is running (or waits), a success, or failed. While nobody knows: running.
case $(kubectl get "$1" --output 'jsonpath={.status.conditions[?(@.status=="True")].type}' 2>/dev/null) in
  *Failed*) echo failed ;;
  *Complete*) echo success ;;
  *) echo running ;;
esac
