# Requires: all tables and figures. Produces: report.html, one self-contained page.


rule report:
    input:
        settings=[f"{RESULTS}/{study}/tables/study.json" for study in PLAN.studies],
        tables=[table for study in PLAN.studies for table in tables_of(study)],
        figures=[figure for study in PLAN.studies for figure in figures_of(study)],
        selections=[selection for study in PLAN.studies for selection in selections_of(study)],
        cards=[
            f"{RESULTS}/{study}/{recipe}/card.json" for study, plan in PLAN.studies.items() for recipe in plan.recipes
        ],
        stale=lambda w: stale("report", report_settings(), f"{RESULTS}/report") or unselected(),
    output:
        page=REPORT,
        settings=f"{RESULTS}/report/report.json",
        provenance=f"{RESULTS}/report/provenance.json",
    log:
        f"{RESULTS}/logs/report.log",
    benchmark:
        f"{RESULTS}/benchmarks/report.tsv"
    localrule: True
    conda:
        ENVIRONMENT
    params:
        results=lambda w: RESULTS,
        settings=lambda w: canonical_json(report_settings()),
    shell:
        "(printf %s {params.settings:q} > {output.settings:q} && "
        "python -m replisome report --settings {output.settings:q} --results {params.results:q} "
        "--out {output.page:q}) > {log:q} 2>&1"
