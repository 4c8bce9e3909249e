# One call of a stage on a run, as its own rule would make it, for jobs of several runs.
# Requires: settings.smk, inputs.smk; packing.smk says what a member waits for. Produces: MEMBERS; no rule.
from replisome.tracking.bundles import Member


def member_of(stage, w, folder, identity, inputs, arguments, writes=()):
    where = "/".join([stage, w.study, w.recipe, w.model, w.slug, w.seed])
    data = RECIPE.format(**w)
    return Member(
        stage=stage,
        arguments=["--run", arguments.pop("run"), "--data", data, *arguments.pop("more", ()), "--out", folder],
        folder=folder,
        identity=identity,
        inputs=inputs,
        writes=dict(writes),
        log=f"{RESULTS}/logs/{where}.log",
        benchmark=f"{RESULTS}/benchmarks/{where}.tsv",
    )


def in_numbers(w):
    return [word for file in precision_of(w) for word in ("--precision", file)]


def trained_with(w):
    start = begun_by_search(w)
    return [*in_numbers(w), *(["--start", start] if start else [])]


def training(w):
    folder, start = RUN.format(**w), begun_by_search(w)
    settings = run_settings(w)
    config = f"{folder}/config.json"
    more = trained_with(w)
    writes = {config: resolved_run(w).config}
    member = member_of("train", w, folder, settings, trained_from(w), {"run": config, "more": more}, writes)
    return member, awaited([start] if start else [])


def piloting(w):
    folder, settings = PILOT.format(**w), pilot_settings(w)
    config = f"{folder}/config.json"
    writes = {config: canonical_json(settings)}
    return member_of("pilot", w, folder, settings, trained_from(w), {"run": config, "more": in_numbers(w)}, writes), []


def asking(stage, w, folder, identity, weights, splits):
    config = f"{RUN.format(**w)}/config.json"
    more = ["--weights", *weights, "--planned", planned(run_settings(w))]
    member = member_of(stage, w, folder, identity, read_from(w, *splits), {"run": config, "more": more})
    return member, awaited([config, *weights])


MEMBERS = {
    "pilot": piloting,
    "train": training,
    "evaluate": lambda w: asking(
        "evaluate", w, TEST.format(**w), resolved_run(w).evaluation, tested_weights_of(w), HELD_OUT
    ),
    "explain": lambda w: asking(
        "explain", w, EXPLANATION.format(**w), run_settings(w), [weights_of(w)], ["validation"]
    ),
}
