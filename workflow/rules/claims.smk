# Requires: a study's tidy table, what its runs left, its claims. Produces: its verdicts, and those of all studies.

for study in PLAN.studies:

    rule:
        name:
            f"judge_{study}"
        input:
            metrics=f"{RESULTS}/{study}/tables/metrics.parquet",
            files=lambda w, study=study: beside_runs(claims_from(study)),
            stale=lambda w, study=study: stale(
                "judge", claims_settings(study), f"{RESULTS}/{study}/claims", claims_from(study)
            ),
        output:
            settings=f"{RESULTS}/{study}/claims/settings.json",
            verdicts=f"{RESULTS}/{study}/claims.json",
            supplement=f"{RESULTS}/{study}/claims.md",
            latex=f"{RESULTS}/{study}/claims.tex",
            provenance=f"{RESULTS}/{study}/claims/provenance.json",
        log:
            f"{RESULTS}/logs/judge/{study}.log",
        benchmark:
            f"{RESULTS}/benchmarks/judge/{study}.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        params:
            results=lambda w: RESULTS,
            settings=lambda w, study=study: canonical_json(claims_settings(study)),
            out=lambda w, output: os.path.dirname(output.settings),
        shell:
            "(printf %s {params.settings:q} > {output.settings:q} && "
            "python -m replisome judge --settings {output.settings:q} --results {params.results:q} "
            "--out {params.out:q}) > {log:q} 2>&1"


# All verdicts: snakemake claims
rule claims:
    input:
        files=verdicts_from(),
        stale=lambda w: stale("claims", merged_settings(), f"{RESULTS}/claims", verdicts_from()),
    output:
        settings=f"{RESULTS}/claims/settings.json",
        verdicts=f"{RESULTS}/claims.json",
        table=f"{RESULTS}/claims.csv",
        provenance=f"{RESULTS}/claims/provenance.json",
    log:
        f"{RESULTS}/logs/claims.log",
    benchmark:
        f"{RESULTS}/benchmarks/claims.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        results=lambda w: RESULTS,
        settings=lambda w: canonical_json(merged_settings()),
        out=lambda w, output: os.path.dirname(output.settings),
    shell:
        "(printf %s {params.settings:q} > {output.settings:q} && "
        "python -m replisome claims --settings {output.settings:q} --results {params.results:q} "
        "--out {params.out:q}) > {log:q} 2>&1"
