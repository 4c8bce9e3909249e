"""Blood-cell classification with small CNNs, and any other two-dimensional MedMNIST file with one label an image."""

from replisome.studies import Study

STUDY = Study(
    name="bloodmnist",
    metrics={"accuracy": "max", "balanced_accuracy": "max", "loss": "min"},
    recipe_values={
        "split": ("official", "official-deduplicated"),
        "encoding": ("image",),
        "normalisation": ("half", "zscore"),
    },
    controls=("cells",),
    tables={
        "variants": "The four variants: accuracy beside the sources' values",
        "logits_vs_softmax": "Logits against softmax before the cross-entropy",
        "efficiency": "Effectiveness and efficiency",
        "dynamics": "How training went",
        "duplicates": "The same image in more than one place",
    },
    figures={
        "samples": "What the images look like",
        "training_loss": "Training loss against epoch",
        "validation_accuracy": "Validation accuracy against epoch",
        "test_accuracy": "Test accuracy against epoch",
        "accuracy_and_cost": "What accuracy costs",
        "confusion_matrix": "Which classes are taken for which",
        "mistakes": "The most confident mistakes",
    },
)
