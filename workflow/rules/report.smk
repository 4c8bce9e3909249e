# Requires: all tables and figures, selections, cards, verdicts, and the records of runs.
# Produces: report.html, which needs no other file; beside it claims.html (a section a claim), tables.html (the long
# ones) and runs.html; results.json, which lists every file.


rule report:
    input:
        files=lambda w: beside_runs(page_from()),
        stale=lambda w: stale("report", report_settings(), f"{RESULTS}/report", page_from()) or unselected(),
    output:
        page=REPORT,
        claims=f"{RESULTS}/claims.html",
        tables=f"{RESULTS}/tables.html",
        runs=f"{RESULTS}/runs.html",
        index=f"{RESULTS}/results.json",
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
