"""Residue distances from sequence and profile: what does report C's loss hide, and does a lookup table beat it?"""

from typing import TYPE_CHECKING

from replisome.config.study import Score, Study

if TYPE_CHECKING:
    from replisome.studies import contract
    from replisome.studies.proteinnet import data as data_module
    from replisome.studies.proteinnet import new_data as new_data_module
    from replisome.studies.proteinnet import predictions as predictions_module
    from replisome.studies.proteinnet import signature as signature_module
    from replisome.studies.proteinnet import task as task_module

    DATA: contract.DataModule = data_module
    TASK: contract.TaskModule = task_module
    PREDICTIONS: contract.PredictionsModule = predictions_module
    NEW_DATA: contract.NewDataModule = new_data_module
    SIGNATURE: contract.SignatureModule = signature_module

STUDY = Study(
    name="proteinnet",
    scores=(
        Score("rmse", "min", "RMSE", "A", 1, ".2f"),
        Score("paper_loss", "min", "report C's loss", "10^9 pm^2", 1e-9, ".1f"),
        Score("drmsd", "min", "dRMSD", "A", 1, ".2f"),
        Score("lddt", "max", "lDDT", "%", 100, ".1f"),
        Score("loss", "min", "loss"),
    ),
    controls=("folds",),
    simulated="chains",
    items="chains",
    augmentations=("random_crop",),
)
