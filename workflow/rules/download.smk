# Requires: the ledger (config/datasets.yaml), a mirror folder or a network. Produces: one raw file and its .origin.json.


rule download:
    output:
        raw=f"{RESOURCES}/{{dataset}}/{{version}}/{{file}}",
        origin=f"{RESOURCES}/{{dataset}}/{{version}}/{{file}}.origin.json",
    # The mirror goes by the environment, not as a parameter: where a file was copied from changes no result.
    log:
        f"{RESULTS}/logs/download/{{dataset}}/{{version}}/{{file}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/download/{{dataset}}/{{version}}/{{file}}.tsv"
    wildcard_constraints:
        dataset="|".join(PLAN.ledger),
        version="[^/]+",
        file=r"[^/]+(?<!\.origin\.json)",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        entry=lambda w: canonical_json(PLAN.ledger[w.dataset]),
        stand_in=lambda w: "--stand-in" if w.version == "stand-in" else "",
    shell:
        "python -m replisome download --name {wildcards.dataset} --entry {params.entry:q} {params.stand_in} "
        "--out {output.raw:q} 2>&1 | tee {log:q}"
