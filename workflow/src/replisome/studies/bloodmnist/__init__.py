"""Blood cells and small CNNs; or any other two-dimensional MedMNIST file with one label an image."""

from typing import TYPE_CHECKING

from replisome.config.study import Score, Study

if TYPE_CHECKING:
    from replisome.studies import contract
    from replisome.studies.bloodmnist import data, predictions, task

    DATA: contract.DataModule = data
    TASK: contract.TaskModule = task
    PREDICTIONS: contract.PredictionsModule = predictions

STUDY = Study(
    name="bloodmnist",
    scores=(
        Score("accuracy", "max", "accuracy", "%", 100, ".1f"),
        Score("balanced_accuracy", "max", "balanced accuracy", "%", 100, ".1f"),
        Score("loss", "min", "cross-entropy", "nats"),
    ),
    controls=("cells",),
    simulated="cells",
    items="images",
)
