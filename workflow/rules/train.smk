# Requires: a prepared recipe. Produces: one run: its config.json, weights, history, validation scores, provenance.


rule train:
    input:
        data=lambda w: splits_of(w, *dict.fromkeys(["train", "validation", *run_settings(w)["curves"]])),
        stats=f"{RECIPE}/stats.json",
        # Under one name: each costs a job a millisecond and a kilobyte to plan.
        others=lambda w: [
            *precision_of(w),
            *awaited(begun_by_search(w)),
            # Tables read more of a run than any job waits for.
            *stale("train", run_settings(w), RUN.format(**w), trained_from(w), whole=study_inputs.OF_RUN),
        ],
    output:
        config=f"{RUN}/config.json",
        best=f"{RUN}/best.safetensors",
        last=f"{RUN}/last.safetensors",
        history=f"{RUN}/history.parquet",
        validation=f"{RUN}/validation.json",
        provenance=f"{RUN}/provenance.json",
    log:
        f"{RESULTS}/logs/train/{{study}}/{{recipe}}/{{model}}/{{slug}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train/{{study}}/{{recipe}}/{{model}}/{{slug}}/{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=asks_for("gpu"),
        mem_mb=asks_for("mem_mb"),
        runtime=asks_for("runtime"),
    params:
        config=lambda w: resolved_run(w).config,
        data=lambda w: RECIPE.format(**w),
        out=lambda w: RUN.format(**w),
        more=trained_with,
    shell:
        # In the shell's place: SIGTERM must reach the training, which then saves its state, and not the shell alone.
        "printf %s {params.config:q} > {output.config:q} && "
        "exec python -m replisome train --run {output.config:q} --data {params.data:q} --out {params.out:q} "
        "--threads {threads} --gpu {resources.gpu} {params.more:q} >> {log:q} 2>&1"
