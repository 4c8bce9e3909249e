# replisome: four small deep-learning studies in biology, from raw data to report. Start with README.md.
from snakemake.utils import min_version

min_version("9.0")


configfile: f"{workflow.basedir}/config/config.yaml"


include: "workflow/rules/scheduler.smk"
include: "workflow/rules/planning.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/devices.smk"
include: "workflow/rules/settings.smk"
include: "workflow/rules/staleness.smk"
include: "workflow/rules/run_folders.smk"
include: "workflow/rules/terminal.smk"
include: "workflow/rules/retries.smk"
include: "workflow/rules/cluster.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/members.smk"
include: "workflow/rules/packing.smk"
include: "workflow/rules/next_round.smk"
include: "workflow/rules/targets.smk"
include: "workflow/rules/download.smk"
include: "workflow/rules/prepare.smk"
include: "workflow/rules/precision.smk"
include: "workflow/rules/search.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/bundles.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/summarise.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/claims.smk"
include: "workflow/rules/report.smk"
include: "workflow/rules/crate.smk"
include: "workflow/rules/rounds.smk"


# Every figure, table and verdict of every study, and the page that shows them (the default).
rule all:
    default_target: True
    input:
        everything(),


# One target a study: snakemake STUDY
for study in PLAN.studies:

    rule:
        name:
            study
        input:
            selections_of(study),
            tables_of(study),
            figures_of(study),
            f"{RESULTS}/{study}/claims.json",


onstart:
    if workflow.is_main_process:
        take_results()
        take_cluster()
        say_when_called()
        keep_call()
        read_failures()
        record_round()
        keep_plan()


onsuccess:
    shutil.rmtree(BUNDLES, ignore_errors=True)  # nothing waits for them any more
    if Path(REPORT).exists():
        print(f"\nThe report: {Path(REPORT).resolve()}\n")
