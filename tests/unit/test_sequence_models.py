import numpy as np
import pytest
import torch
from sklearn.linear_model import Ridge
from torch import nn

from replisome import models
from replisome.data.encode.bases import encode_bases
from replisome.data.encode.kmers import kmer_tokens, vocabulary
from replisome.data.encode.onehot import SCALE, one_hot
from replisome.errors import ReplisomeError
from replisome.models import DataSpec
from replisome.models._recurrent import Recurrent

ONEHOT = DataSpec((41, 4), 2, 0, ((0.5, -1.0), (1.0, 0.0)))
TRAINED = {
    "bilstm": [
        {"width": 6, "depth": 2},
        {"width": 6, "cell": "rnn"},
        {"width": 6, "readout": "mean"},
        {"width": 6, "bidirectional": False},
    ],
    "bilstm_attention": [{"heads": 3, "width": 6}],
    "cnn1d": [{"width": 6, "depth": 2}, {"width": 6, "depth": 2, "activation": "sigmoid", "kernel": 21}],
    "cnn_bilstm": [{"width": 6, "depth": 1}],
    "multiprotein": [{"width": 6}, {"width": 6, "protein": "features"}, {"width": 6, "encoder": "cnn1d"}],
}
TRAINED["transformer"] = [{"width": 8, "heads": 2}, {"width": 8, "heads": 2, "positions": False}]
CASES = [(name, values) for name, choices in TRAINED.items() for values in choices]


def spec(k):
    return ONEHOT if k == 0 else DataSpec((42 - k,), 2, vocabulary(k), ONEHOT.features)


def inputs_of(sequences, k, width=41):
    codes = encode_bases(sequences, width).codes
    return (
        torch.from_numpy(one_hot(codes) * np.float32(SCALE))
        if k == 0
        else torch.from_numpy(kmer_tokens(codes, k)).long()
    )


@pytest.mark.parametrize("k", [0, 2, 3])
@pytest.mark.parametrize(("name", "values"), CASES)
def test_padding_leaks_into_no_prediction(name, values, k):
    """A short probe is predicted the same however far it is padded and whoever shares its batch."""
    torch.manual_seed(0)
    model = models.build(name, spec(k), values).eval()
    short, long = "ACGUACGUUGCAUGACGGAUUCGAUCGAUA", "GCAU" * 10 + "A"
    alone = model(inputs_of([short], k, width=len(short)))
    padded = model(inputs_of([long, short], k))
    assert padded.shape == (2, 2)
    torch.testing.assert_close(padded[1:], alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("cell", [nn.LSTM, nn.RNN])
def test_recurrent_layers_equal_torchs_on_packed_sequences(cell):
    torch.manual_seed(0)
    ours, theirs = Recurrent(4, 5, 2, 0.0, True, cell), cell(4, 5, 2, bidirectional=True, batch_first=True)
    for layer in range(2):
        for suffix, stack in (("", ours.forwards), ("_reverse", ours.backwards)):
            for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                getattr(theirs, f"{part}_l{layer}{suffix}").data.copy_(getattr(stack[layer], f"{part}_l0"))
    lengths = torch.tensor([7, 1, 4, 6])
    mask = torch.arange(7) < lengths[:, None]
    values = torch.randn(4, 7, 4)
    packed = nn.utils.rnn.pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
    states, last = theirs(packed)
    final = last[0] if cell is nn.LSTM else last
    states, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)
    hidden = ours(values, mask)
    torch.testing.assert_close(hidden * mask[..., None], states)
    torch.testing.assert_close(ours.read_out(hidden, mask, "final"), torch.cat([final[-2], final[-1]], dim=1))
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())


@pytest.mark.parametrize(
    ("name", "values", "parameters"),
    [
        # each direction: input, states and two biases to the width; then the head to two outputs
        ("bilstm", {"width": 64, "cell": "rnn"}, 2 * 64 * (4 + 64 + 2) + 128 * 2 + 2),
        ("bilstm", {"width": 64}, 2 * 4 * 64 * (4 + 64 + 2) + 128 * 2 + 2),
        # widening, positions; a layer: attention 4 w^2 + 4 w, feed-forward 8 w^2 + 5 w, two norms 4 w; norm; head
        ("transformer", {"width": 64, "depth": 2}, 4 * 64 + 64 + 41 * 64 + 2 * (12 * 64**2 + 13 * 64) + 2 * 64 + 130),
        ("transformer", {"width": 64, "depth": 1, "positions": False}, 320 + 12 * 64**2 + 13 * 64 + 2 * 64 + 130),
        ("cnn1d", {"width": 64, "kernel": 41, "activation": "tanh"}, 64 * 4 * 41 + 64 + 130),
    ],
)
def test_sizes_are_those_worked_out_by_hand(name, values, parameters):
    assert sum(p.numel() for p in models.build(name, ONEHOT, values).parameters()) == parameters


def test_a_transformer_without_positions_does_not_see_order():
    probe = inputs_of(["ACGUACGUUGCAUGACGGAUUCGAUCGAUA"], 0)
    turned = probe[:, torch.randperm(probe.shape[1], generator=torch.Generator().manual_seed(1))]
    for positions, same in ((False, True), (True, False)):
        torch.manual_seed(0)
        model = models.build("transformer", ONEHOT, {"positions": positions}).eval()
        assert torch.allclose(model(probe), model(turned), atol=1e-5) is same


def test_heads_that_do_not_divide_the_width_are_a_message():
    with pytest.raises(ReplisomeError, match="3 heads cannot share a width of 64; make it a multiple"):
        models.build("transformer", ONEHOT, {"heads": 3})


@pytest.mark.parametrize(("name", "function"), [("relu", torch.relu), ("sigmoid", torch.sigmoid), ("tanh", torch.tanh)])
def test_the_cnn_has_the_activation_that_is_asked_for(name, function):
    torch.manual_seed(0)
    model = models.build("cnn1d", ONEHOT, {"width": 3, "activation": name}).eval()
    probe = inputs_of(["A" * 41], 0)
    block = model.convolutions.blocks[0]
    strongest = function(block(probe.transpose(1, 2))).amax(dim=2)
    torch.testing.assert_close(model(probe), model.output(strongest))


def test_attention_weights_are_readable_and_rest_on_the_sequence_alone():
    torch.manual_seed(0)
    model = models.build("bilstm_attention", ONEHOT, {"heads": 4, "width": 5}).eval()
    short = "ACGUACGUACGUACGUACGUACGUACGUAC"
    _, weights = model.attend(inputs_of([short, "A" * 41], 0))
    assert weights.shape == (2, 4, 41)
    torch.testing.assert_close(weights.sum(dim=2), torch.ones(2, 4))
    assert weights[0, :, len(short) :].abs().max() == 0


def test_one_direction_sees_nothing_of_what_follows():
    torch.manual_seed(0)
    layers = Recurrent(4, 5, 1, 0.0, False)
    values = torch.randn(1, 6, 4)
    mask = torch.ones(1, 6, dtype=torch.bool)
    changed = values.clone()
    changed[0, 4:] += 1
    torch.testing.assert_close(layers(values, mask)[:, :4], layers(changed, mask)[:, :4])


def test_an_unknown_base_is_sequence_and_not_padding():
    torch.manual_seed(0)
    model = models.build("bilstm", ONEHOT, {"width": 5}).eval()
    with_n, without = model(inputs_of(["ACGUN"], 0)), model(inputs_of(["ACGU"], 0))
    assert not torch.allclose(with_n, without)


def test_a_protein_never_seen_can_be_asked_about_by_its_features():
    torch.manual_seed(0)
    model = models.build("multiprotein", ONEHOT, {"protein": "features", "width": 5}).eval()
    probe = inputs_of(["ACGUACGUAC"], 0)
    new = model.bind(probe, torch.tensor([[0.1, 0.2]]))
    assert new.shape == (1, 1)
    torch.testing.assert_close(model.bind(probe, torch.tensor(ONEHOT.features)), model(probe))


def test_features_that_the_data_do_not_have_are_a_message():
    with pytest.raises(ReplisomeError, match="the data do not describe their proteins"):
        models.build("multiprotein", DataSpec((41, 4), 2), {"protein": "features"})


def random_sequences(n, seed=0):
    rng = np.random.default_rng(seed)
    return ["".join(rng.choice(list("ACGU"), size=rng.integers(30, 42))) for _ in range(n)]


def test_kmer_ridge_is_scikit_learns_on_the_counts():
    sequences = [*random_sequences(200), "ACGUNACGU"]
    rng = np.random.default_rng(1)
    targets = torch.from_numpy(rng.normal(size=(201, 2)).astype(np.float32))
    targets[::7, 1] = float("nan")
    model = models.build("kmer_ridge", ONEHOT, {"k": 2, "alpha": 3.0})
    inputs = inputs_of(sequences, 0)
    model.estimate([(inputs[:90], targets[:90]), (inputs[90:], targets[90:])])
    kmers = [a + b for a in "ACGU" for b in "ACGU"]
    counts = np.array([[sum(s[i : i + 2] == k for i in range(len(s))) for k in kmers] for s in sequences])
    for output in range(2):
        valid = ~np.isnan(targets[:, output].numpy())
        expected = Ridge(alpha=3.0).fit(counts[valid], targets[valid, output].numpy())
        np.testing.assert_allclose(model.weight[:, output], expected.coef_, atol=1e-4)
        np.testing.assert_allclose(model(inputs)[:, output], expected.predict(counts), atol=1e-4)


def test_a_scan_prefers_its_motif_wherever_it_lies_and_ignores_padding():
    model = models.build("pwm_scan", DataSpec((41, 4), 1), {"motif": "UGCAUG"})
    plain, early, late = "A" * 30, "UGCAUG" + "A" * 24, "A" * 24 + "UGCAUG"
    scores = model.scan(inputs_of([plain, early, late, "A" * 24 + "UGCAUC"], 0))
    assert scores[1] == pytest.approx(scores[2].item(), rel=1e-4)
    assert scores[1] > scores[3] > scores[0]
    short = model.scan(inputs_of([early], 0, width=30))
    assert short.item() == pytest.approx(scores[1].item(), rel=1e-5)


def test_a_scan_is_scaled_by_least_squares():
    model = models.build("pwm_scan", DataSpec((41, 4), 1), {"motif": "UGCAUG"})
    inputs = inputs_of(random_sequences(50), 0)
    targets = 2 * model.scan(inputs)[:, None] - 1
    targets[3] = float("nan")
    model.estimate([(inputs, targets)])
    torch.testing.assert_close(model(inputs)[4:], targets[4:], atol=1e-3, rtol=1e-3)


@pytest.mark.parametrize(
    ("name", "values", "data", "message"),
    [
        ("kmer_ridge", {}, spec(2), "give it a recipe with encoding onehot"),
        ("pwm_scan", {"motif": "UGCAUG"}, spec(2), "give it a recipe with encoding onehot"),
        ("pwm_scan", {"motif": "TGCATG"}, ONEHOT, "motif must be letters of ACGU"),
        ("pwm_scan", {}, ONEHOT, "needs a value for: motif"),
        ("pwm_scan", {"motif": "A" * 42}, ONEHOT, "longer than the sequences"),
        ("kmer_ridge", {"k": 9}, ONEHOT, "k is at most 7"),
        ("kmer_ridge", {"k": 0}, ONEHOT, "hyperparameter 'k': 0 is less than the minimum of 1"),
        ("kmer_ridge", {"alpha": 0}, ONEHOT, "alpha above 0"),
        ("bilstm", {"depth": 0}, ONEHOT, "hyperparameter 'depth': 0 is less than the minimum of 1"),
        ("bilstm", {"dropout": 1.5}, ONEHOT, "'dropout': 1.5 is not a share below 1"),
        ("bilstm", {}, DataSpec((3, 28, 28), 8), "needs sequences, one-hot or tokens, not inputs of shape"),
        ("cnn", {}, ONEHOT, "needs images .* not inputs of shape"),
    ],
)
def test_a_baseline_that_cannot_be_built_is_a_message(name, values, data, message):
    with pytest.raises(ReplisomeError, match=message):
        models.build(name, data, values)
