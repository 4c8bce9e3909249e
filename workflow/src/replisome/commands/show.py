"""``replisome show``: what a run, an experiment, a claim, a recipe, a study or a results folder is."""

from __future__ import annotations

from pathlib import Path

import click

from replisome.commands import show_many, show_runs

# How each kind of thing is shown.
WAYS = {
    "run": show_runs.show_run,
    "runs": show_runs.show_runs,
    "recipe": show_runs.show_recipe,
    "experiment": show_many.show_experiment,
    "claim": show_many.show_claim,
    "claims": show_many.show_claims,
    "study": show_many.show_study,
    "results": show_many.show_results,
}


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.argument("name", default="")
@click.option("--json", "as_json", is_flag=True, help="Print all of it as JSON, for programs.")
def show(path: Path, name: str, as_json: bool) -> None:
    """Show what a run, an experiment, a claim or a whole results folder is.

    \b
    replisome show results/demo                     all studies
    replisome show results/demo STUDY               one study
    replisome show results/demo STUDY/EXPERIMENT    its candidates and runs
    replisome show results/demo STUDY/CLAIM         a claim, by its id
    replisome show results/demo STUDY/RECIPE        prepared data
    replisome show results/demo claims              all claims
    replisome show results/demo/STUDY/RECIPE/runs/MODEL/SETTINGS/seed=0

    PATH is a folder or file of the results; NAME is looked up below it and may as well be written as part of the path.
    A name that only one study has needs no STUDY/ before it. Where a claim and an experiment have the same name, write
    STUDY/claims/NAME or STUDY/selection/NAME.
    """  # noqa: D301 -- click wants the character itself
    from replisome.api.about.many import about  # noqa: PLC0415 -- help and completion need none of it
    from replisome.api.about.places import find  # noqa: PLC0415
    from replisome.commands.pages import Page, print_json  # noqa: PLC0415

    found = about(find(path, name))
    if as_json:
        print_json(found)
        return
    WAYS[found["kind"]](Page(), found)
