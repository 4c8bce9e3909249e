"""Networks and inputs for tests that need a GPU."""

import torch

from replisome.models import DataSpec


def one_hot_probes(count, width=41):
    """Return probes of which half are padded."""
    probes = torch.nn.functional.one_hot(torch.randint(0, 4, (count, width)), 4).float()
    probes[: count // 2, 30:] = 0
    return probes


def chains(count, residues=64):
    """Return chains of which half are padded."""
    letters = torch.randint(0, 20, (count, residues))
    letters[: count // 2, 50:] = 20
    profile = torch.rand(count, residues, 21) * (letters < 20).unsqueeze(2)
    return torch.stack([profile, torch.nn.functional.one_hot(letters, 21).float()], dim=1)


CHAINS = DataSpec((2, 64, 21), 64)
# Name, hyperparameters, data, and a function that draws so many inputs.
NETWORKS = [
    ("cnn", {"pool": "max"}, DataSpec((3, 28, 28), 8), lambda n: torch.randn(n, 3, 28, 28)),
    ("bilstm", {"depth": 2}, DataSpec((41, 4), 1), one_hot_probes),
    ("bilstm", {}, DataSpec((39,), 1, 66), lambda n: torch.randint(0, 66, (n, 39))),
    ("bilstm_attention", {"heads": 4}, DataSpec((41, 4), 1), one_hot_probes),
    ("cnn1d", {"depth": 2}, DataSpec((41, 4), 1), one_hot_probes),
    ("cnn_bilstm", {}, DataSpec((41, 4), 1), one_hot_probes),
    ("multiprotein", {}, DataSpec((41, 4), 5), one_hot_probes),
    ("char_lstm", {"hidden": 64}, DataSpec((50,), 4, 4), lambda n: torch.randint(0, 4, (n, 50))),
    ("kmer_lstm_deep", {"hidden": 64}, DataSpec((50,), 256, 256), lambda n: torch.randint(0, 256, (n, 50))),
    ("causal_cnn", {}, DataSpec((50,), 4, 4), lambda n: torch.randint(0, 4, (n, 50))),
    ("conv_simple", {}, CHAINS, chains),
    ("conv_attention", {}, CHAINS, chains),
    ("pair_resnet", {}, CHAINS, chains),
]
