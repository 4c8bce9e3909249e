# In which numbers runs train whose settings leave it open (training setting precision: auto, the default).
# Requires: settings.smk, inputs.smk. Produces: precision/{kind}.json, the answer, once a results folder. No code and no
# timing makes it anew: it stays until somebody deletes it. If it then comes out otherwise, its runs are stale.


rule probe:
    output:
        answer=f"{RESULTS}/precision/{{kind}}.json",
        settings=f"{RESULTS}/precision/{{kind}}/settings.json",
        timings=f"{RESULTS}/precision/{{kind}}/timings.json",
        provenance=f"{RESULTS}/precision/{{kind}}/provenance.json",
    log:
        f"{RESULTS}/logs/probe/{{kind}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/probe/{{kind}}.tsv"
    wildcard_constraints:
        kind="cpu|gpu",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=lambda w: int(w.kind == "gpu"),
        mem_mb=2000,
        runtime=10,
    params:
        settings=lambda w: canonical_json({"kind": w.kind}),
        out=lambda w, output: os.path.dirname(output.settings),
    shell:
        "(printf %s {params.settings:q} > {output.settings:q} && "
        "python -m replisome probe --settings {output.settings:q} --out {params.out:q} --threads {threads}) "
        "> {log:q} 2>&1"
