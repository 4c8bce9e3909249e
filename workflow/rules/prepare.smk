# Requires: a raw file, or nothing for a control. Produces: one recipe's Parquet splits, statistics, data card,
# and the tables that its splits share.

# Outputs cannot depend on wildcards: a rule for the studies without shared tables, and one for each set of them.
for shared in sorted({shared_of(study) for study in PLAN.studies}):

    rule:
        name:
            "_with_".join(["prepare", *shared])
        input:
            raw=lambda w: list(raw_of(w).values()),
            origins=lambda w: [str(origin_file(path)) for path in raw_of(w).values()],
            stale=lambda w: stale(
                "prepare",
                recipe_settings(w),
                RECIPE.format(**w),
                {raw_name(path): Path(path) for path in raw_of(w).values()},
            ),
        output:
            settings=f"{RECIPE}/recipe.json",
            splits=[f"{RECIPE}/{split}.parquet" for split in SPLITS],
            shared=[f"{RECIPE}/{name}.parquet" for name in shared],
            stats=f"{RECIPE}/stats.json",
            card=f"{RECIPE}/card.json",
            provenance=f"{RECIPE}/provenance.json",
        log:
            f"{RESULTS}/logs/prepare/{{study}}/{{recipe}}.log",
        benchmark:
            f"{RESULTS}/benchmarks/prepare/{{study}}/{{recipe}}.tsv"
        wildcard_constraints:
            study="|".join(study for study in PLAN.studies if shared_of(study) == shared),
        conda:
            ENVIRONMENT
        resources:
            mem_mb=memory_to_prepare,
            runtime=time_to_prepare,
        params:
            settings=lambda w: canonical_json(recipe_settings(w)),
            raw=lambda w, input: " ".join(f"--raw {name}={shlex.quote(path)}" for name, path in raw_of(w).items()),
            out=lambda w, output: os.path.dirname(output.card),
        shell:
            "(printf %s {params.settings:q} > {output.settings:q} && "
            "python -m replisome prepare --settings {output.settings:q} {params.raw} "
            "--out {params.out:q}) > {log:q} 2>&1"
