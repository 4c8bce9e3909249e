# Requires: trained runs. Produces: the choice of the best on validation; test scores and explanations for the runs that
# ask for them.


checkpoint select:
    input:
        scores=lambda w: awaited(compared_scores(w)),
        stale=lambda w: stale("select", selection_settings(w), SELECTION.format(**w), compared_scores(w)),
    output:
        settings=f"{SELECTION}/study.json",
        selection=f"{SELECTION}/selection.json",
        provenance=f"{SELECTION}/provenance.json",
    log:
        f"{RESULTS}/logs/select/{{study}}/{{experiment}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/select/{{study}}/{{experiment}}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        settings=lambda w: canonical_json(selection_settings(w)),
        results=lambda w: RESULTS,
        out=lambda w, output: os.path.dirname(output.selection),
    shell:
        "(printf %s {params.settings:q} > {output.settings:q} && "
        "python -m replisome select --settings {output.settings:q} --experiment {wildcards.experiment:q} "
        "--results {params.results:q} --out {params.out:q}) > {log:q} 2>&1"


rule evaluate:
    input:
        run=lambda w: awaited([f"{RUN}/config.json".format(**w), *tested_weights_of(w)]),
        data=lambda w: splits_of(w, *HELD_OUT),
        stats=f"{RECIPE}/stats.json",
        stale=lambda w: stale("evaluate", resolved_run(w).evaluation, TEST.format(**w), read_from(w, *HELD_OUT)),
    output:
        metrics=f"{TEST}/metrics.json",
        predictions=f"{TEST}/predictions.parquet",
        provenance=f"{TEST}/provenance.json",
    log:
        f"{RESULTS}/logs/evaluate/{{study}}/{{recipe}}/{{model}}/{{slug}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{study}}/{{recipe}}/{{model}}/{{slug}}/{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=asks_for("gpu"),
        mem_mb=asks_for("mem_mb"),
        runtime=time_to_ask,
    params:
        config=lambda w: f"{RUN}/config.json".format(**w),
        weights=tested_weights_of,
        data=lambda w, input: os.path.dirname(input.stats),
        planned=lambda w: planned(run_settings(w)),
        out=lambda w, output: os.path.dirname(output.metrics),
    shell:
        "python -m replisome evaluate --run {params.config:q} --data {params.data:q} --weights {params.weights:q} "
        "--planned {params.planned} --out {params.out:q} --threads {threads} --gpu {resources.gpu} "
        ">> {log:q} 2>&1"


rule explain:
    input:
        run=lambda w: awaited([f"{RUN}/config.json".format(**w), weights_of(w)]),
        data=lambda w: splits_of(w, "validation"),
        stats=f"{RECIPE}/stats.json",
        stale=lambda w: stale("explain", run_settings(w), EXPLANATION.format(**w), read_from(w, "validation")),
    output:
        explanation=f"{EXPLANATION}/explanation.parquet",
        provenance=f"{EXPLANATION}/provenance.json",
    log:
        f"{RESULTS}/logs/explain/{{study}}/{{recipe}}/{{model}}/{{slug}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/explain/{{study}}/{{recipe}}/{{model}}/{{slug}}/{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=asks_for("gpu"),
        mem_mb=asks_for("mem_mb"),
        runtime=time_to_ask,
    params:
        config=lambda w: f"{RUN}/config.json".format(**w),
        weights=weights_of,
        data=lambda w, input: os.path.dirname(input.stats),
        planned=lambda w: planned(run_settings(w)),
        out=lambda w, output: os.path.dirname(output.explanation),
    shell:
        "python -m replisome explain --run {params.config:q} --data {params.data:q} --weights {params.weights:q} "
        "--planned {params.planned} --out {params.out:q} --threads {threads} --gpu {resources.gpu} "
        ">> {log:q} 2>&1"
