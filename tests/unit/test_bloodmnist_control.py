import numpy as np
import pytest
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression

from replisome.errors import ReplisomeError
from replisome.studies.bloodmnist.control import ceiling, draw_cells


def test_the_ceiling_is_about_nine_tenths_and_its_formula_holds():
    assert ceiling(2.2, 0.06) == pytest.approx(0.90, abs=0.01)
    assert ceiling(50, 0.0) == pytest.approx(1)
    assert ceiling(0, 0.0) == pytest.approx(1 / 8)
    assert ceiling(1.0, 0.0) == pytest.approx(norm.cdf(1.0) ** 3)


def test_the_oracle_reaches_the_ceiling_within_three_standard_errors():
    drawn = draw_cells(train=20000, validation=8, test=8, side=12)
    cells = drawn.splits["train"]
    error = np.sqrt(drawn.ceiling * (1 - drawn.ceiling) / 20000)
    assert np.mean(cells.oracle == cells.labels) == pytest.approx(drawn.ceiling, abs=3 * error)


def test_images_are_bytes_and_splits_share_nothing():
    drawn = draw_cells(train=40, validation=30, test=20, side=16)
    assert {name: cells.images.shape for name, cells in drawn.splits.items()} == {
        "train": (40, 16, 16, 3),
        "validation": (30, 16, 16, 3),
        "test": (20, 16, 16, 3),
    }
    assert all(cells.images.dtype == np.uint8 for cells in drawn.splits.values())
    together = {image.tobytes() for cells in drawn.splits.values() for image in cells.images}
    assert len(together) == 90


def test_the_same_seed_draws_the_same_cells():
    one, two, other = (draw_cells(train=8, validation=8, test=8, side=12, seed=s).splits["train"] for s in (1, 1, 2))
    np.testing.assert_array_equal(one.images, two.images)
    assert not np.array_equal(one.images, other.images)


def test_no_single_channel_mean_gives_the_class_away():
    """A linear classifier on mean colours finds one trait of three at best well: far below the ceiling."""
    drawn = draw_cells(train=2000, validation=1000, test=8, side=16)
    train, held = drawn.splits["train"], drawn.splits["validation"]
    features = [cells.images.mean(axis=(1, 2)) / 255 for cells in (train, held)]
    for channel in range(3):
        model = LogisticRegression(max_iter=1000).fit(features[0][:, [channel]], train.labels)
        assert model.score(features[1][:, [channel]], held.labels) < 0.45


@pytest.mark.parametrize("options", [{"train": 3}, {"side": 8}, {"label_noise": 0.9}])
def test_options_out_of_range_are_a_message(options):
    with pytest.raises(ReplisomeError, match="control 'cells'"):
        draw_cells(**options)
