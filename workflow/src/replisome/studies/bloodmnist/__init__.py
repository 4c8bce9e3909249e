"""Blood cells and small CNNs; or any other two-dimensional MedMNIST file with one label an image."""

from typing import TYPE_CHECKING

from replisome.config.study import Score, Study

if TYPE_CHECKING:
    from replisome.studies import contract
    from replisome.studies.bloodmnist import data as data_module
    from replisome.studies.bloodmnist import explain as explain_module
    from replisome.studies.bloodmnist import new_data as new_data_module
    from replisome.studies.bloodmnist import predictions as predictions_module
    from replisome.studies.bloodmnist import signature as signature_module
    from replisome.studies.bloodmnist import task as task_module

    DATA: contract.DataModule = data_module
    TASK: contract.TaskModule = task_module
    PREDICTIONS: contract.PredictionsModule = predictions_module
    EXPLAIN: contract.ExplainModule = explain_module
    NEW_DATA: contract.NewDataModule = new_data_module
    SIGNATURE: contract.SignatureModule = signature_module

STUDY = Study(
    name="bloodmnist",
    scores=(
        Score("accuracy", "max", "accuracy", "%", 100, ".1f"),
        Score("balanced_accuracy", "max", "balanced accuracy", "%", 100, ".1f"),
        Score("auc", "max", "AUC"),
        Score("loss", "min", "cross-entropy", "nats"),
    ),
    controls=("cells",),
    simulated="cells",
    items="images",
)
