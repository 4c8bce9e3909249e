#!/usr/bin/env bash
# submit.sh RULE CPUS MEMORY_IN_MB GPUS MINUTES SCRIPT: have Kubernetes run a script as a job and print the job's name. At its
# time limit Kubernetes says SIGTERM to the pod's first process, which passes it on to all that the script started; a run
# then saves its state.
set -euo pipefail
: "${REPLISOME_IMAGE:?say which image pods run}" "${REPLISOME_CLAIM:?say which volume claim they mount}"
: "${REPLISOME_MOUNT:?say where it is mounted, here and in the pods}"
gpus=""
if (($4)); then gpus=", nvidia.com/gpu: $4"; fi
kubectl create --output name --filename - <<END
apiVersion: batch/v1
kind: Job
metadata: {generateName: "replisome-${1//_/-}-"}
spec:
  backoffLimit: 0
  activeDeadlineSeconds: $(($5 * 60))
  ttlSecondsAfterFinished: 86400
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 60
      containers:
        - name: job
          image: "$REPLISOME_IMAGE"
          workingDir: "$PWD"
          command:
            - bash
            - -c
            - 'setsid bash "\$0" & trap "kill -TERM -- -\$!" TERM; wait \$!; code=\$?;
              while kill -0 -- -\$! 2>/dev/null; do sleep 1; done; exit \$code'
            - "$6"
          resources:
            requests: {cpu: $2, memory: "$3M"}
            limits: {memory: "$3M"$gpus}
          volumeMounts: [{name: work, mountPath: "$REPLISOME_MOUNT"}]
      volumes: [{name: work, persistentVolumeClaim: {claimName: "$REPLISOME_CLAIM"}}]
END
