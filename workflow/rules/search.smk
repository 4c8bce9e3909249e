# Requires: prepared recipes. Produces: of each grid that is searched, the first rounds of every candidate, and which go
# on (experiments with `search`; the others are trained whole).


# A run's first rounds, and the state from which `train` goes on, bit by bit as if it had not stopped.
rule pilot:
    input:
        data=lambda w: splits_of(w, *dict.fromkeys(["train", "validation", *run_settings(w)["curves"]])),
        stats=f"{RECIPE}/stats.json",
        precision=precision_of,
        stale=lambda w: stale("pilot", pilot_settings(w), PILOT.format(**w), trained_from(w)),
    output:
        config=f"{PILOT}/config.json",
        state=f"{PILOT}/state.pt",
        validation=f"{PILOT}/validation.json",
        provenance=f"{PILOT}/provenance.json",
    log:
        f"{RESULTS}/logs/pilot/{{study}}/{{recipe}}/{{model}}/{{slug}}/{{seed}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pilot/{{study}}/{{recipe}}/{{model}}/{{slug}}/{{seed}}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=asks_for("gpu"),
        mem_mb=asks_for("mem_mb"),
        runtime=asks_for("runtime"),
    params:
        config=lambda w: canonical_json(pilot_settings(w)),
        data=lambda w, input: os.path.dirname(input.stats),
        out=lambda w, output: os.path.dirname(output.config),
        precision=in_numbers,
    shell:
        # In the shell's place, as in rule train.
        "printf %s {params.config:q} > {output.config:q} && "
        "exec python -m replisome pilot --run {output.config:q} --data {params.data:q} --out {params.out:q} "
        "--threads {threads} --gpu {resources.gpu} {params.precision:q} >> {log:q} 2>&1"


checkpoint search:
    input:
        scores=lambda w: awaited(searched_scores(w)),
        stale=lambda w: stale("search", search_settings(w), SEARCH.format(**w), searched_scores(w)),
    output:
        settings=f"{SEARCH}/study.json",
        outcome=f"{SEARCH}/search.json",
        provenance=f"{SEARCH}/provenance.json",
    log:
        f"{RESULTS}/logs/search/{{study}}/{{experiment}}/{{step}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/search/{{study}}/{{experiment}}/{{step}}.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        settings=lambda w: canonical_json(search_settings(w)),
        results=lambda w: RESULTS,
        out=lambda w, output: os.path.dirname(output.outcome),
    shell:
        "(printf %s {params.settings:q} > {output.settings:q} && "
        "python -m replisome search --settings {output.settings:q} --experiment {wildcards.experiment:q} "
        "--step {wildcards.step:q} --results {params.results:q} --out {params.out:q}) > {log:q} 2>&1"
