# Rounds of seeds, for studies whose `seeds.rounds` says so: snakemake decide
# Requires: verdicts, and all that rule all makes. Produces: rounds.csv, what each round cost and decided.


if ROUNDS:

    rule rounds:
        input:
            files=rounds_from(),
            stale=lambda w: stale("rounds", rounds_settings(), f"{RESULTS}/rounds", rounds_from()),
        output:
            settings=f"{RESULTS}/rounds/settings.json",
            table=ROUNDS[0],
            provenance=f"{RESULTS}/rounds/provenance.json",
        log:
            f"{RESULTS}/logs/rounds.log",
        benchmark:
            f"{RESULTS}/benchmarks/rounds.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        params:
            results=lambda w: RESULTS,
            settings=lambda w: canonical_json(rounds_settings()),
            out=lambda w, output: os.path.dirname(output.settings),
        shell:
            "(printf %s {params.settings:q} > {output.settings:q} && "
            "python -m replisome rounds --settings {output.settings:q} --results {params.results:q} "
            "--out {params.out:q}) > {log:q} 2>&1"


# One more round of seeds for what open claims use: snakemake decide
rule decide:
    input:
        decided_from,
