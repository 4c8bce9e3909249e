# Requires: the ledger (config/datasets.yaml), a mirror folder or a network. Produces: one raw file and its .origin.json.


rule download:
    input:
        stale=taken_anew,
    output:
        raw=f"{RESOURCES}/{{dataset}}/{{version}}/{{file}}",
        origin=f"{RESOURCES}/{{dataset}}/{{version}}/{{file}}.origin.json",
    # Ledger and mirror go by the environment: another address, or another copy of the same file, changes no result.
    log:
        f"{RESULTS}/logs/download/{{dataset}}/{{version}}/{{file}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/download/{{dataset}}/{{version}}/{{file}}.tsv"
    wildcard_constraints:
        dataset="|".join(map(re.escape, PLAN.ledger)),
        version="[^/]+",
        file=r"[^/]+(?<!\.origin\.json)",
    localrule: True
    conda:
        ENVIRONMENT
    params:
        checksum=lambda w: checksum_of(w.dataset, w.version),
        stand_in=lambda w: "--stand-in" if w.version == STAND_IN else "",
    shell:
        "python -m replisome download --name {wildcards.dataset:q} {params.stand_in} --out {output.raw:q} 2>&1 | tee {log:q}"
