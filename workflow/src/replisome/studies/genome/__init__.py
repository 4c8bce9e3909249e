"""Next-nucleotide and next-k-mer models of a genome: what do they learn, and what do they remember?"""

from replisome.studies import Study

STUDY = Study(
    name="genome",
    metrics={"bits_per_base": "min", "accuracy": "max", "loss": "min"},
    recipe_values={
        "split": ("random", "blocks", "prefix80", "homology"),
        "encoding": (
            *("kmer1", "kmer2", "kmer3", "kmer4", "kmer5", "kmer6"),
            *("kmer2-apart", "kmer3-apart", "kmer4-apart", "kmer5-apart", "kmer6-apart"),
        ),
        "normalisation": ("none",),
    },
    recipe_extras=("windows",),
    shared=("tokens",),
    augmentations=("reverse_complement",),
    controls=("markov", "genes"),
    tables={
        "leakage": "The same model, the same steps, another split",
        "scores": "Every tested model",
        "baselines": "What counting reaches",
        "same_choice": "Next k-mer or next base: the same choice of four",
        "sweeps": "Windows, learning rates, embeddings, steps",
        "training": "How training went, and what it cost",
        "losses": "Training loss at the steps that the source names",
        "codons": "By position in the codon",
        "genomes": "What the data are, and what splits share",
    },
    figures={
        "memory": "What a random split measures",
        "loss_curves": "Loss against step",
        "networks_and_counts": "Networks beside counts",
        "positions": "Where in a window",
        "codon_positions": "Where in a codon",
        "along_genome": "Where in the genome",
        "short_runs": "Short runs that vary one thing",
    },
)
