# Requires: a study's tables, what was read from its runs, its selections and prepared data.
# Produces: its figures, as PNG and SVG, and which of them this configuration has nothing for.

for study in PLAN.studies:

    rule:
        name:
            f"figures_{study}"
        input:
            settings=f"{RESULTS}/{study}/tables/study.json",
            metrics=f"{RESULTS}/{study}/tables/metrics.parquet",
            files=lambda w, study=study: beside_runs(figures_from(study)),
            stale=lambda w, study=study: stale(
                "figures", study_settings(study), f"{RESULTS}/{study}/figures", figures_from(study)
            ),
        output:
            png=[
                report(
                    figure,
                    category=study,
                    subcategory="figures",
                    caption=caption(study, figure),
                )
                for figure in figures_of(study)
            ],
            svg=[figure.replace(".png", ".svg") for figure in figures_of(study)],
            left_out=f"{RESULTS}/{study}/figures/{study_inputs.LEFT_OUT}",
            provenance=f"{RESULTS}/{study}/figures/provenance.json",
        log:
            f"{RESULTS}/logs/figures/{study}.log",
        benchmark:
            f"{RESULTS}/benchmarks/figures/{study}.tsv"
        localrule: True
        conda:
            ENVIRONMENT
        params:
            results=lambda w: RESULTS,
            planned=lambda w, study=study: planned(study_settings(study)),
            out=lambda w, output: os.path.dirname(output.provenance),
        shell:
            "python -m replisome figures --settings {input.settings:q} --results {params.results:q} "
            "--planned {params.planned} --out {params.out:q} > {log:q} 2>&1"
