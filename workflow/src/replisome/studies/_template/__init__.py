"""A template: the smallest study that works, on rows of numbers with one label each. Copy it to begin one of your own.

    cp -r workflow/src/replisome/studies/_template workflow/src/replisome/studies/leaves
    mv workflow/src/replisome/studies/leaves/config config/studies/leaves

Then replace ``_template`` by ``leaves`` in this file and in config/studies/leaves/recipes.yaml, add the row that the
latter describes to the ledger config/datasets.yaml, and run the control:
``snakemake leaves --cores 2 --configfile config/demo.yaml``. From there, change one module at a time. What each must
provide is in :mod:`replisome.studies.contract`; before anything runs, the workflow names what is missing.
"""

from typing import TYPE_CHECKING

from replisome.config.study import Score, Study

if TYPE_CHECKING:  # here mypy checks each module against what the stages ask of it
    from replisome.studies import contract
    from replisome.studies._template import data as data_module
    from replisome.studies._template import new_data as new_data_module
    from replisome.studies._template import predictions as predictions_module
    from replisome.studies._template import signature as signature_module
    from replisome.studies._template import task as task_module

    DATA: contract.DataModule = data_module
    TASK: contract.TaskModule = task_module
    PREDICTIONS: contract.PredictionsModule = predictions_module
    NEW_DATA: contract.NewDataModule = new_data_module
    SIGNATURE: contract.SignatureModule = signature_module

STUDY = Study(
    name="_template",  # the package's name
    # Every score that the task gives, and the loss. An experiment's ``select.metric`` is one of them, and tables and
    # figures show it by title, unit and scale: a share is stored as 0.873 and shown as 87.3 %.
    scores=(
        Score("accuracy", "max", "accuracy", "%", 100, ".1f"),
        Score("loss", "min", "cross-entropy", "nats"),
    ),
    controls=("blobs",),  # control.py has a function draw_blobs
    simulated="blobs",  # what a control draws, as titles of panels say it
    items="rows",  # what a split holds, as the table of costs says it
)
