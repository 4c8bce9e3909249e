"""Residue distances from sequence and profile: what does the source's loss hide, and does a lookup table beat it?"""

from replisome.studies import Study

STUDY = Study(
    name="proteinnet",
    metrics={"rmse": "min", "source_loss": "min", "drmsd": "min", "lddt": "max", "loss": "min"},
    recipe_values={
        "split": ("official", "official-deduplicated"),
        "encoding": ("profile_onehot",),
        "normalisation": ("none",),
    },
    recipe_extras=("crop",),
    augmentations=("random_crop",),
    controls=("folds",),
    tables={
        "measures": "Every model under both measures",
        "source": "Report C's table, and ours",
        "epochs": "Best epochs, crossings, the last five epochs",
        "spread": "From run to run",
        "scores": "Every tested model",
        "differences": "Model against model, protein by protein",
        "contacts": "Contacts",
        "separations": "Error along the chain",
        "proteins": "Protein by protein",
        "training": "How training went, and what it cost",
        "chains": "What the data are",
    },
    figures={
        "maps": "True and predicted distances",
        "loss_curves": "Loss against epoch",
        "long_run": "The long run",
        "baselines": "Against no distance at all, and against a table",
        "error_by_separation": "Where the error is",
        "contact_precision": "Contacts found",
    },
)
