# The next round of seeds: which studies have rounds, and what this call begins.
# Requires: settings.smk, inputs.smk. Produces: ROUNDS and input functions of rules `rounds` and `decide`; no rule.
from replisome.claims.next_round import plan_round
from replisome.config.rounds import round_of

ROUNDS = [f"{RESULTS}/{rounds_begun.TABLE}"] if any(study.rounds for study in PLAN.studies.values()) else []
BEGINS = []  # what this call begins: by study its next round; at most one
ASKED = []  # whether this call has looked for a next round: it does so once, before any job runs


def rounds_settings():
    return {
        "studies": {name: list(study.rounds) for name, study in PLAN.studies.items() if study.rounds},
        "begun": [*BEGUN, *BEGINS],
    }


def rounds_from():
    return study_inputs.verdicts_of(rounds_settings()["studies"], Path(RESULTS))


def decided_from(w):
    """Return everything, after this call's plan has what the next round adds.

    Snakemake asks a target for its inputs before any other rule, so that all of them see the plan with its new seeds.
    """
    if workflow.is_main_process and not ASKED:
        ASKED.append(True)
        begin_next_round()
    return everything()


def begin_next_round():
    """Plan the next round of each study that has rounds, unless one is under way: then this call finishes that one."""
    if not ROUNDS:
        raise WorkflowError(
            "snakemake decide: no study here has rounds of seeds; say so in its study.yaml: "
            "seeds: {rounds: [3, 6, 9, 12, 15]}."
        )
    if set(workflow.dag_settings.targets) != {"decide"}:
        raise WorkflowError("snakemake decide: ask for no other target beside it; it makes all of them.")
    if config["max_seeds"] is not None:
        raise WorkflowError("snakemake decide: max_seeds holds the number of seeds down; leave it out.")
    under_way = len(BEGUN) + 1
    if rounds_begun.finished(Path(RESULTS)) < under_way or not all(map(is_judged, rounds_settings()["studies"])):
        print(f"call {under_way} of the rounds is not finished: this call finishes it.", file=sys.stderr)
        return
    try:
        left = config["max_hours"]
        begins = {}
        for name in rounds_settings()["studies"]:
            claims = read_verified(Path(RESULTS, name, "claims.json"))["claims"]
            begins[name] = plan_round(searched(name, outcome=outcome_on_disk), claims, Path(RESULTS), left)
            left = None if left is None else max(0.0, left - begins[name].seconds / 3600)
    except ReplisomeError as error:
        raise WorkflowError(str(error)) from None
    for name, begin in begins.items():
        print(in_words(name, begin), file=sys.stderr)
    if any(begin.raises for begin in begins.values()):
        BEGINS.append({name: begin.as_json() for name, begin in begins.items()})
        raise_seeds(PLAN, [*BEGUN, *BEGINS])


def is_judged(study):
    """Say whether the verdicts of a study are there, and of the settings and files that this call plans.

    What lies there is read, and no checkpoint asked: at this time Snakemake takes none of them for complete.
    """
    folder = f"{RESULTS}/{study}/claims"
    try:
        plan = searched(study, outcome=outcome_on_disk)
        files = study_inputs.for_claims(plan, study_inputs.selections_of(plan, Path(RESULTS)), Path(RESULTS))
    except ReplisomeError:  # a selection or a search has to be made first
        return False
    return Path(folder, "provenance.json").exists() and not stale("judge", plan.claims_settings, folder, files)


def in_words(study, begin):
    """Return what the next round of a study is and takes, a line or two for people."""
    of = PLAN.studies[study].rounds
    most = max((one.seeds for one in begin.raises), default=0)
    lines = []
    if begin.raises:
        lines.append(
            f"{study}, round {round_of(of, most)} of {len(of)}: {len(begin.claims)} open claims; "
            f"{len(begin.raises)} configurations get more seeds, up to {most}: {begin.runs} runs, about "
            f"{begin.seconds / 3600:.2g} hours one after the other."
        )
    else:
        lines.append(f"{study}: no open claim gets more seeds.")
    for names, why in (
        (begin.left, "for want of time (max_hours)"),
        (begin.hopeless, "since no number of seeds would decide them"),
        (begin.spent, "since they have had all rounds"),
    ):
        if names:
            lines.append(f"  without more seeds {why}: {', '.join(names)}")
    return "\n".join(lines)


def record_round():
    """Write down that a round was begun: from here on every call plans its seeds."""
    if BEGINS:
        rounds_begun.begin(Path(RESULTS), [*BEGUN, *BEGINS])
