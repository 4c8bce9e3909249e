# Requires: the index of the results (results.json). Produces: crate.zip, the results and the workflow in one archive.


# To deposit, or to send: snakemake crate
rule crate:
    input:
        index=f"{RESULTS}/results.json",
        stale=lambda w: stale("crate", crate_settings(), f"{RESULTS}/crate", [f"{RESULTS}/results.json"]),
    output:
        archive=f"{RESULTS}/crate.zip",
        settings=f"{RESULTS}/crate/settings.json",
        provenance=f"{RESULTS}/crate/provenance.json",
    log:
        f"{RESULTS}/logs/crate.log",
    benchmark:
        f"{RESULTS}/benchmarks/crate.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        results=lambda w: RESULTS,
        settings=lambda w: canonical_json(crate_settings()),
        out=lambda w, output: os.path.dirname(output.settings),
    shell:
        "(printf %s {params.settings:q} > {output.settings:q} && "
        "python -m replisome crate --settings {output.settings:q} --results {params.results:q} "
        "--out {params.out:q}) > {log:q} 2>&1"
