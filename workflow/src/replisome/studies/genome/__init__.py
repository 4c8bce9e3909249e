"""Next-nucleotide and next-k-mer models of a genome: what do they learn, and what do they remember?"""

from typing import TYPE_CHECKING

from replisome.config.study import Score, Study

if TYPE_CHECKING:
    from replisome.studies import contract
    from replisome.studies.genome import data as data_module
    from replisome.studies.genome import new_data as new_data_module
    from replisome.studies.genome import predictions as predictions_module
    from replisome.studies.genome import signature as signature_module
    from replisome.studies.genome import task as task_module

    DATA: contract.DataModule = data_module
    TASK: contract.TaskModule = task_module
    PREDICTIONS: contract.PredictionsModule = predictions_module
    NEW_DATA: contract.NewDataModule = new_data_module
    SIGNATURE: contract.SignatureModule = signature_module

STUDY = Study(
    name="genome",
    scores=(
        Score("bits_per_base", "min", "bits/base", "", 1, ".3f"),
        Score("accuracy", "max", "accuracy", "%", 100, ".1f"),
        Score("successors", "max", "probability on tokens that can follow", "%", 100, ".1f"),
        Score("loss", "min", "cross-entropy", "nats a token"),
    ),
    controls=("markov", "genes"),
    simulated="genome",
    items="windows",
    subject="genome",
    shared=("tokens",),
    augmentations=("reverse_complement",),
)
