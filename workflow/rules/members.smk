# One call of a stage on a run, as its own rule would make it, for jobs of several runs.
# Requires: settings.smk, inputs.smk; packing.smk says what a member waits for. Produces: MEMBERS; no rule.
from replisome.tracking.bundles import Member


def member_of(stage, w, folder, identity, inputs, config, more=(), text=None):
    """Return the call that reads `config`, which the job itself writes where its `text` is given."""
    where = "/".join([stage, w.study, w.recipe, w.model, w.slug, w.seed])
    data = RECIPE.format(**w)
    return Member(
        stage=stage,
        arguments=["--run", config, "--data", data, *more, "--out", folder],
        folder=folder,
        identity=identity,
        inputs=inputs,
        writes={} if text is None else {config: text},
        log=f"{RESULTS}/logs/{where}.log",
        benchmark=f"{RESULTS}/benchmarks/{where}.tsv",
    )


def training(w):
    run, folder = resolved_run(w), RUN.format(**w)
    config = f"{folder}/config.json"
    member = member_of("train", w, folder, run.settings, trained_from(w), config, trained_with(w), run.config)
    return member, awaited(begun_by_search(w))


def piloting(w):
    folder, settings = PILOT.format(**w), pilot_settings(w)
    config = f"{folder}/config.json"
    text = canonical_json(settings)
    return member_of("pilot", w, folder, settings, trained_from(w), config, in_numbers(w), text), []


def asking(stage, w, folder, identity, weights, splits):
    config = f"{RUN.format(**w)}/config.json"
    more = ["--weights", *weights, "--planned", planned(run_settings(w))]
    return member_of(stage, w, folder, identity, read_from(w, *splits), config, more), awaited([config, *weights])


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
