import numpy as np
import pytest

from replisome.data.encode.zscore import channel_statistics, half_range


def test_statistics_are_those_of_numpy():
    images = np.random.default_rng(0).integers(0, 256, size=(20, 5, 7, 3), dtype=np.uint8)
    found = channel_statistics(np.array_split(images, 3), 3)
    assert found.mean == pytest.approx((images / 255).mean(axis=(0, 1, 2)))
    assert found.std == pytest.approx((images / 255).std(axis=(0, 1, 2)))


def test_a_constant_channel_stays_at_zero_instead_of_dividing_by_it():
    found = channel_statistics([np.full((2, 3, 3, 1), 51, dtype=np.uint8)], 1)
    assert found.mean == pytest.approx((0.2,))
    assert found.std == (1.0,)


def test_half_range_is_minus_one_to_one():
    statistics = half_range(1)
    scaled = (np.array([0.0, 0.5, 1.0]) - statistics.mean[0]) / statistics.std[0]
    assert scaled.tolist() == [-1, 0, 1]
