# How many jobs that ask for a GPU may use one of this machine's GPUs at a time (jobs_per_gpu).
# Requires: common.smk. Produces: no rule.
from replisome.training.gpu_share import gpus_to_share


def limit_jobs_per_gpu(share):
    """Tell jobs the share, and Snakemake how many jobs that ask for a GPU may run here at a time.

    A job takes the GPU that fewest others use; one that finds them all full, as where two calls meet, waits. It had
    better not be started: unless --resources gpu=N says otherwise, Snakemake starts as many as the GPUs take.
    """
    os.environ.update(REPLISOME_JOBS_PER_GPU=str(share or ""))
    if share and workflow.is_main_process and workflow.local_exec and "gpu" not in workflow.global_resources:
        gpus = gpus_to_share()
        if gpus:
            workflow.register_resource("gpu", share * len(gpus))


limit_jobs_per_gpu(config["jobs_per_gpu"])
