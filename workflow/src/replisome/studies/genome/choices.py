"""What report D leaves open, says in two ways or prints otherwise than it says, and what we did: rows of a table."""

from __future__ import annotations

from replisome.analysis.choices import Choice

CHOICES: tuple[Choice, ...] = (
    Choice(
        "genome", "E. coli O157:H7 Sakai, 5.6 Mb; in quick K-12, 4.6 Mb", "The report says 5.9 million bases, no name."
    ),
    Choice("optimiser", "Adam, at a constant rate", "The report names a learning rate and no optimiser."),
    Choice(
        "what an epoch is",
        "one optimiser step on one batch",
        "10,000 true epochs over 5.9 million windows are impossible. Steps of 512 windows of 200 tokens make some 170 "
        "passes over the genome in 10,000.",
    ),
    Choice(
        "windows",
        "one at every base, or token",
        "The report says windows of 200, the target shifted by one token; the step is our reading.",
    ),
    Choice(
        "4-mers",
        "overlapping by three bases",
        "Its loss is ln 256 at step 0 and below ln 4 by step 250, so that only four 4-mers can follow. 4-mers end to "
        "end are run beside (apart).",
    ),
    Choice(
        "alphabet",
        "A, C, G, T = 0 to 3; AAAA = 0 to TTTT = 255",
        "The report has A = 1, C = 2, T = 3, G = 4. Any relabelling is the same model: tokens meet an embedding first.",
    ),
    Choice(
        "split of recipes called reported",
        "20 % of the windows are test, drawn by chance; a fixed seed draws them",
        "The report says train_test_split, 80/20; its seed is not known.",
    ),
    Choice(
        "validation windows",
        "drawn by chance from the other 80 %; only those that are scored leave training",
        "The report has no validation part. Nothing is chosen by ours where its own settings are run.",
    ),
    Choice(
        "scored test windows",
        "an even choice of the test windows, as many as the recipe says",
        "The report does not say how many it scored; all would be over a million windows that overlap.",
    ),
    Choice(
        "read-out",
        "a linear layer at every position; all positions of a window are predicted and scored",
        "The loop of its code feeds one token at a time. That test accuracy is over all positions is our reading.",
    ),
    Choice(
        "state",
        "empty at the start of a window and carried along it; a window is run at once",
        "So does a loop over tokens, with the same gradients (tested).",
    ),
    Choice(
        "loss",
        "cross-entropy, averaged over the tokens of a window and the windows of a batch",
        "The report averages over the window; that it does so over the batch is our reading.",
    ),
    Choice(
        "dropout of the third model",
        "0.5 between the LSTM layers, none before the output",
        "That is the dropout of nn.LSTM; the printed code has no other.",
    ),
    Choice(
        "size of the third model",
        "1,024 units a layer and one linear layer",
        "The text speaks of a larger hidden size and deeper fully connected layers; the code has neither.",
    ),
    Choice(
        "weights at the start, precision",
        "torch's defaults, at least three seeds with full settings; fp32 in recipes called reported",
        "The report does not say; its numbers are of one run each.",
    ),
    Choice(
        "tested weights",
        "the last, where the report's settings are run",
        "The report stops after a number of steps. Ours beyond it are tested with the best on validation.",
    ),
    Choice(
        "accuracy of the second model",
        "79 % is shown as the report's",
        "79 % in its table, 78 % in its text.",
    ),
    Choice(
        "losses at step 0",
        "the target is ln 4 = 1.386 and ln 256 = 5.545",
        "1.3193 and 5.4933 lie below what a fresh network gives: those runs did not start fresh, or a mean is printed.",
    ),
    Choice(
        "short runs",
        "1,000 steps where steps are not what varies; training windows of any length see the same tokens a step, and "
        "all are scored on windows of 200",
        "The report names what it tried (windows of 10, 50, 100; rates of 0.01, 0.1; 100, 1,000, 5,000 epochs; other "
        "embeddings), not how.",
    ),
    Choice(
        "depth",
        "15,000 steps at 0.001 in batches of 512 for one layer and three",
        "Its second and third model differ in steps, rate and batch too, so that its own numbers cannot compare them.",
    ),
)
