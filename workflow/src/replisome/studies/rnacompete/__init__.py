"""RNAcompete: how strongly an RNA-binding protein binds a probe, from the probe's sequence."""

from typing import TYPE_CHECKING

from replisome.config.study import Score, Study

if TYPE_CHECKING:
    from replisome.studies import contract
    from replisome.studies.rnacompete import data, explain, predictions, task

    DATA: contract.DataModule = data
    TASK: contract.TaskModule = task
    PREDICTIONS: contract.PredictionsModule = predictions
    EXPLAIN: contract.ExplainModule = explain

STUDY = Study(
    name="rnacompete",
    # Means are over the proteins of a recipe, the others over all valid probes at once; of one protein they are equal.
    scores=(
        Score("spearman", "max", "Spearman"),
        Score("spearman_mean", "max", "Spearman"),
        Score("pearson", "max", "Pearson"),
        Score("pearson_mean", "max", "Pearson"),
        Score("loss", "min", "MSE"),
    ),
    controls=("probes",),
    simulated="probes",
    items="probes",
    subject="protein",
)
