"""RNAcompete: how strongly an RNA-binding protein binds a probe, from the probe's sequence."""

from typing import TYPE_CHECKING

from replisome.config.study import Score, Study

if TYPE_CHECKING:
    from replisome.studies import contract
    from replisome.studies.rnacompete import data as data_module
    from replisome.studies.rnacompete import explain as explain_module
    from replisome.studies.rnacompete import new_data as new_data_module
    from replisome.studies.rnacompete import predictions as predictions_module
    from replisome.studies.rnacompete import signature as signature_module
    from replisome.studies.rnacompete import task as task_module

    DATA: contract.DataModule = data_module
    TASK: contract.TaskModule = task_module
    PREDICTIONS: contract.PredictionsModule = predictions_module
    EXPLAIN: contract.ExplainModule = explain_module
    NEW_DATA: contract.NewDataModule = new_data_module
    SIGNATURE: contract.SignatureModule = signature_module

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
