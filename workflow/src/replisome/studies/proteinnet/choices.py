"""What report C leaves open or says unclearly, and what we did: the table of choices on the page."""

from __future__ import annotations

from replisome.analysis.choices import Choice

CHOICES = (
    Choice(
        "optimiser",
        "Adam, learning rate 0.001, epsilon 1e-7",
        "its framework's defaults (torch's epsilon is 1e-8). Keras adds epsilon before it corrects for the first "
        "steps, torch after",
    ),
    Choice(
        "weights at the start",
        "Glorot uniform, biases zero",
        "its framework's defaults; torch draws smaller weights",
    ),
    Choice(
        "batch norm of the simple network",
        "epsilon 1e-3, momentum 0.99, which torch calls 0.01",
        "its framework's defaults (torch's are 1e-5 and 0.1); validation losses of the first epochs depend on them",
    ),
    Choice(
        "parameters of the simple network",
        "66,070,688, the 32 running statistics of the batch norm among them; its dense layer has 66,061,056",
        "the total is the report's; it prints 66,061,856 for the dense layer, with which the total would not add up",
    ),
    Choice(
        "dropout of the improved network",
        "0.2, before the small convolutions and before the last layer",
        "a dropout is listed, its rate is not",
    ),
    Choice(
        "slope of the leaky ReLU",
        "0.3, after the four strided convolutions",
        "four are listed; 0.3 is its framework's default",
    ),
    Choice(
        "activation after the later convolutions",
        "none",
        "none is listed",
    ),
    Choice(
        "max pooling in the improved network",
        "none",
        "one is listed with shape ?, but the printed shapes leave no room for it: 24,576 = 256 x 96 and 16,128 = 256 x "
        "63 fit without",
    ),
    Choice(
        "self-attention",
        "dot products of rows, not scaled, without weights",
        "its parameter count leaves none; not scaling is its framework's default",
    ),
    Choice(
        "epoch at which losses were read",
        "the last, of 10 or 25; the best stands beside it",
        "our reading; the report names the best epochs apart",
    ),
    Choice(
        "chains",
        "ProteinNet CASP7, training_30, the first 256 residues of each",
        "the edition is not given. Its validation means end in thirteenths: 13 batches of 512, not the 224 official "
        "chains, so its split is another",
    ),
    Choice(
        "unit and sum of the loss",
        "squared picometres, summed over known pairs, averaged over chains; squared distances against distances",
        "from the public code of the course, not from the report",
    ),
    Choice(
        "precision under reported",
        "fp32",
        "not given",
    ),
    Choice(
        "batches where chains are few",
        "32 chains, said in the tables; compared by steps",
        "on 544 chains an epoch of batches of 512 has one or two steps",
    ),
)
