# Requires: what packing.smk has put together. Produces: the stages of several runs, each in the run's own folder.


rule bundle:
    input:
        files=lambda w: bundle_of(w).waits_for,
        # Whatever lies there of an earlier bundle of the same name, its members are not finished.
        stale=lambda w: [STALE_MARK] if workflow.is_main_process and os.path.exists(STALE_MARK) else [],
    output:
        done=f"{BUNDLE}.done",
    log:
        f"{RESULTS}/logs/bundle/{{study}}/{{bundle}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/bundle/{{study}}/{{bundle}}.tsv"
    wildcard_constraints:
        bundle="[^/]+",
    conda:
        ENVIRONMENT
    threads: lambda w: bundle_of(w).parallel
    resources:
        gpu=bundle_asks_for("gpu"),
        mem_mb=bundle_asks_for("mem_mb"),
        runtime=bundle_asks_for("runtime"),
    params:
        members=lambda w, output: output.done.removesuffix(".done") + ".json",
    shell:
        # In the shell's place, as in rule train.
        "exec python -m replisome bundle --members {params.members:q} --done {output.done:q} > {log:q} 2>&1"
