"""RNAcompete: how strongly an RNA-binding protein binds a probe, from the probe's sequence."""

from replisome.studies import Study

STUDY = Study(
    name="rnacompete",
    metrics={"spearman": "max", "spearman_mean": "max", "pearson": "max", "pearson_mean": "max", "loss": "min"},
    recipe_values={
        "split": ("course", "course-deduplicated", "stratified-deduplicated"),
        "encoding": ("onehot", "kmer2", "kmer3"),
        "normalisation": ("each-split", "training"),
    },
    recipe_extras=("targets", "label_fraction"),
    controls=("probes",),
    explains=True,
    tables={
        "scores": "Every tested model: rank correlation with what was measured",
        "grid": "The grid, and what validation chose",
        "differences": "Differences, paired over test probes",
        "heads": "Attention heads",
        "proteins": "One model for several proteins, and one for each",
        "training": "How training went, and what it cost",
        "motifs": "Recovered and known motifs",
        "probes": "What the data are",
    },
    figures={
        "loss_curves": "Loss against epoch",
        "grid_view": "The grid at a glance",
        "attention_curves": "With attention and without",
        "predicted_and_measured": "Predicted and measured",
        "few_labels": "When a protein has few labels",
        "logos": "What the model looks for",
        "attention_maps": "Where attention rests",
    },
)
