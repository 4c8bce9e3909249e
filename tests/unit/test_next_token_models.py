import math

import numpy as np
import pytest
import torch
from torch import nn

from replisome import models
from replisome.errors import ReplisomeError
from replisome.models import IGNORED, DataSpec
from replisome.models._contexts import count_contexts, other_strand

BASES, KMERS = DataSpec((30,), 4, 4), DataSpec((30,), 256, 256)
TRAINED = [
    ("char_lstm", {"hidden": 12, "embedding": 6}, BASES),
    ("char_lstm", {"hidden": 12, "onehot": True}, BASES),
    ("kmer_lstm", {"hidden": 12, "embedding": 6}, KMERS),
    ("kmer_lstm_deep", {"hidden": 12, "embedding": 6}, KMERS),
    ("causal_cnn", {"width": 8, "depth": 4, "longest": 4}, BASES),
]


def tokens_of(data, n=3, seed=0):
    return torch.randint(0, data.tokens, (n, data.shape[0]), generator=torch.Generator().manual_seed(seed))


def test_one_hot_bases_are_an_embedding_that_is_the_identity():
    torch.manual_seed(0)
    model = models.build("char_lstm", BASES, {"hidden": 12, "onehot": True})
    other = models.build("char_lstm", BASES, {"hidden": 12, "embedding": 4})
    other.load_state_dict({**model.state_dict(), "embedding.weight": torch.eye(4)})
    torch.testing.assert_close(model(tokens_of(BASES)), other(tokens_of(BASES)))
    assert sum(p.numel() for p in model.parameters()) == 4 * 12 * (4 + 12 + 2) + 12 * 4 + 4


@pytest.mark.parametrize(
    ("name", "data", "parameters"),
    [
        # embedding + LSTM gates of (input + hidden + two biases) + output
        ("char_lstm", BASES, 4 * 128 + 4 * 1024 * (128 + 1024 + 2) + 1024 * 4 + 4),
        ("kmer_lstm", KMERS, 256 * 512 + 4 * 1024 * (512 + 1024 + 2) + 1024 * 256 + 256),
        (
            "kmer_lstm_deep",
            KMERS,
            256 * 512 + 4 * 1024 * (512 + 1024 + 2) + 2 * 4 * 1024 * (1024 + 1024 + 2) + 1024 * 256 + 256,
        ),
    ],
)
def test_the_sources_models_have_the_sources_sizes(name, data, parameters):
    model = models.build(name, data, {})
    assert sum(p.numel() for p in model.parameters()) == parameters
    expected = (3, 0.5) if name == "kmer_lstm_deep" else (1, 0.0)
    assert (model.recurrent.num_layers, model.recurrent.dropout) == expected


@pytest.mark.parametrize("layers", [2, 3])
def test_dropout_acts_between_layers_and_not_before_the_output(layers):
    torch.manual_seed(0)
    model = models.build("kmer_lstm_deep", KMERS, {"hidden": 12, "embedding": 6, "layers": layers}).train()
    seen = {}
    model.recurrent.register_forward_hook(lambda module, given, made: seen.update(states=made[0]))
    model.output.register_forward_pre_hook(lambda module, given: seen.update(read=given[0]))
    inputs = tokens_of(KMERS)
    first, second = model(inputs), model(inputs)
    assert torch.equal(seen["read"], seen["states"])
    assert not torch.allclose(first, second)


def test_one_layer_draws_nothing_while_it_trains():
    torch.manual_seed(0)
    model = models.build("kmer_lstm_deep", KMERS, {"hidden": 12, "embedding": 6, "layers": 1, "dropout": 0.0}).train()
    before = torch.get_rng_state()
    assert torch.equal(model(tokens_of(KMERS)), model(tokens_of(KMERS)))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(("name", "values", "data"), TRAINED[:3])
def test_a_window_at_once_equals_the_loop_over_tokens(name, values, data):
    """The source feeds one token at a time and carries the state along, the loss averaged over the window."""
    torch.manual_seed(0)
    model = models.build(name, data, values).eval()
    inputs, targets = tokens_of(data), tokens_of(data, seed=1)
    state, logits, loss = None, [], 0.0
    for position in range(inputs.shape[1]):
        out, state = model.recurrent(model.embedding(inputs[:, position]).unsqueeze(0), state)
        logits.append(model.output(out[0]))
        loss = loss + nn.functional.cross_entropy(logits[-1], targets[:, position])
    looped = torch.autograd.grad(loss / inputs.shape[1], list(model.parameters()))
    whole = model(inputs)
    torch.testing.assert_close(whole, torch.stack(logits, dim=1), atol=1e-6, rtol=1e-5)
    max_items = torch.autograd.grad(
        nn.functional.cross_entropy(whole.flatten(0, 1), targets.flatten()), list(model.parameters())
    )
    for one, two in zip(max_items, looped, strict=True):
        torch.testing.assert_close(one, two, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize(
    ("name", "values", "data"),
    [*TRAINED, ("context_counts", {"k": 3}, BASES), ("context_mix", {"orders": 4}, BASES)],
)
def test_no_model_sees_the_token_it_predicts_or_those_after_it(name, values, data):
    torch.manual_seed(0)
    model = models.build(name, data, values).eval()
    if hasattr(model, "estimate"):
        train = tokens_of(data, n=50, seed=5)
        with torch.no_grad():
            model.estimate([(train[:, :-1], train[:, 1:])])
    inputs = tokens_of(data)
    for position in (1, 7, 29):
        changed = inputs.clone()
        changed[:, position:] = (changed[:, position:] + 1) % data.tokens
        before, after = model(inputs), model(changed)
        torch.testing.assert_close(before[:, :position], after[:, :position], atol=1e-6, rtol=1e-5)
        assert not torch.allclose(before[:, position], after[:, position])


def test_counts_are_those_of_a_loop():
    sequence = np.random.default_rng(0).integers(0, 4, 400)
    tokens = torch.from_numpy(sequence)[None]
    for k in (1, 2, 3):
        expected = np.zeros((4**k, 4), int)
        for place in range(k, len(sequence)):
            context = int("".join(map(str, sequence[place - k : place])), 4)
            expected[context, sequence[place]] += 1
        (found,) = count_contexts([(tokens[:, :-1], tokens[:, 1:])], [k], both_strands=False)
        assert found.tolist() == expected.tolist()
        turned = torch.from_numpy(3 - sequence[::-1].copy())[None]
        (other,) = count_contexts([(turned[:, :-1], turned[:, 1:])], [k], both_strands=False)
        assert other_strand(found.flatten(), k).view(-1, 4).tolist() == other.tolist()


def test_order_k_is_add_one_counting_and_backs_off_at_the_start_of_a_window():
    sequence = torch.from_numpy(np.random.default_rng(1).integers(0, 4, 600))[None]
    model = models.build("context_counts", BASES, {"k": 3})
    model.estimate([(sequence[:, :-1], sequence[:, 1:])])
    window = sequence[:, 100:110]
    logs = model(window)[0]
    assert torch.allclose(logs.exp().sum(dim=1), torch.ones(10))
    text = sequence[0].tolist()
    for position in range(10):
        context = text[max(100, 100 + position - 2) : 100 + position + 1]
        size = len(context)
        # Counts of lower order are sums of those of order 3, which start at the fourth base.
        places = [p for p in range(3, len(text)) if text[p - size : p] == context]
        counts = np.bincount([text[p] for p in places], minlength=4) + 1.0
        np.testing.assert_allclose(logs[position].exp().numpy(), counts / counts.sum(), rtol=1e-5)


def test_targets_that_do_not_count_are_not_counted():
    tokens = torch.tensor([[0, 1, 2, 3, 0]])
    targets = torch.tensor([[IGNORED, IGNORED, 3, 0, IGNORED]])
    (found,) = count_contexts([(tokens, targets)], [2], both_strands=False)
    assert found.sum() == 2
    assert found[1 * 4 + 2, 3] == 1
    assert found[2 * 4 + 3, 0] == 1


def repetitive(n=6000, seed=0):
    """Return a sequence whose last third repeats its first."""
    fresh = np.random.default_rng(seed).integers(0, 4, n)
    return torch.from_numpy(np.concatenate([fresh, fresh[: n // 2]]))


def cost(model, sequence):
    windows = sequence[: len(sequence) // 31 * 31].view(-1, 31)
    logits = model(windows[:, :-1])
    return nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten()).item() / math.log(2)


def test_the_mix_costs_no_more_than_its_best_order_and_knows_a_repeat():
    torch.manual_seed(0)
    sequence = repetitive()
    held = torch.cat([sequence[500:1500], torch.randint(0, 4, (1000,))])  # half seen, half not
    batches = [(sequence[None, :-1], sequence[None, 1:])]
    mix = models.build("context_mix", BASES, {"orders": 8, "both_strands": False})
    with torch.no_grad():
        mix.estimate(batches)
        single = []
        for k in range(1, 9):
            counts = models.build("context_counts", BASES, {"k": k})
            counts.estimate(batches)
            single.append(cost(counts, held))
        assert cost(mix, held) < min(single)
        assert cost(mix, held[:1000]) < 1.2  # the first bases of a window of 30 have no context


def test_the_mix_does_not_mistake_its_own_sightings_for_knowledge():
    """On random sequence every context of high order was seen once: by the very base that it is fitted on."""
    torch.manual_seed(0)
    sequence, held = torch.randint(0, 4, (6000,)), torch.randint(0, 4, (6000,))
    mix = models.build("context_mix", BASES, {"orders": 8})
    with torch.no_grad():
        mix.estimate([(sequence[None, :-1], sequence[None, 1:])])
        assert cost(mix, held) < 2.03


def test_weights_survive_their_narrow_types(tmp_path):
    sequence = repetitive()
    for name, values in (("context_counts", {"k": 6}), ("context_mix", {"orders": 6})):
        model = models.build(name, BASES, values)
        with torch.no_grad():
            model.estimate([(sequence[None, :-1], sequence[None, 1:])])
        again = models.build(name, BASES, values)
        again(sequence[None, :30])  # tables made before the weights came must not linger
        again.load_state_dict(model.state_dict())
        assert torch.equal(model(sequence[None, :30]), again(sequence[None, :30]))


@pytest.mark.parametrize(
    ("name", "values", "data", "message"),
    [
        ("char_lstm", {}, DataSpec((3, 28, 28), 8), "predicts the next token of a sequence"),
        (
            "char_lstm",
            {"dropout": 0.5},
            BASES,
            "between its LSTM layers, of which it has one: dropout 0.5 would do nothi",
        ),
        ("kmer_lstm_deep", {"layers": 1}, KMERS, "Set layers to 2 or more, or dropout to 0"),
        ("causal_cnn", {}, DataSpec((41, 4), 1), "predicts the next token of a sequence"),
        ("context_counts", {"k": 3}, KMERS, "counts single bases; give it a recipe with encoding kmer1"),
        ("context_mix", {}, KMERS, "counts single bases"),
        ("context_counts", {"k": 13}, BASES, "k is at most 12, not 13"),
        ("context_counts", {"k": 3, "add": 0.0}, BASES, "add is above 0"),
        ("context_mix", {"orders": 13}, BASES, "at most 12"),
        ("causal_cnn", {"longest": 3}, BASES, "a power of two"),
    ],
)
def test_data_and_options_of_another_kind_are_refused(name, values, data, message):
    with pytest.raises(ReplisomeError, match=message):
        models.build(name, data, values)
