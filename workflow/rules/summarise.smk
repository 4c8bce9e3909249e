# Requires: runs, selections, test scores, data cards. Produces: each study's tidy metrics.parquet and its tables.

for study in PLAN.studies:

    rule:
        name:
            f"summarise_{study}"
        input:
            selections=selections_of(study),
            files=lambda w, study=study: awaited(tables_wait_for(study)),
            stale=lambda w, study=study: stale(
                "summarise", study_settings(study), f"{RESULTS}/{study}/tables", tables_from(study)
            ),
        output:
            settings=f"{RESULTS}/{study}/tables/study.json",
            provenance=f"{RESULTS}/{study}/tables/provenance.json",
            tables=[
                report(
                    table,
                    category=study,
                    subcategory="tables",
                    caption=caption(study, table),
                )
                for table in tables_of(study)
                if table.endswith(".csv")
            ],
            metrics=f"{RESULTS}/{study}/tables/metrics.parquet",
        log:
            f"{RESULTS}/logs/summarise/{study}.log",
        benchmark:
            f"{RESULTS}/benchmarks/summarise/{study}.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        params:
            results=lambda w: RESULTS,
            settings=lambda w, study=study: canonical_json(study_settings(study)),
            out=lambda w, output: os.path.dirname(output.settings),
        shell:
            "(printf %s {params.settings:q} > {output.settings:q} && "
            "python -m replisome summarise --settings {output.settings:q} --results {params.results:q} "
            "--out {params.out:q}) > {log:q} 2>&1"
