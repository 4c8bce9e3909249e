import numpy as np
import pytest

from replisome.data.parquet import column_array
from replisome.data.raw_files import RawFile
from replisome.errors import ReplisomeError
from replisome.studies.bloodmnist.data import drop_leaks, find_duplicates, medmnist_info, prepare, read_npz

ENTRY = {"classes": ["a", "b", "c"]}


def recipe(**changes):
    plain = {"name": "r", "source": {"dataset": "x"}, "split": "official", "encoding": "image", "normalisation": "half"}
    return {**plain, **changes}


@pytest.fixture
def npz(tmp_path, mnist_arrays):
    def write(**changes):
        arrays = {k: v for k, v in {**mnist_arrays, **changes}.items() if v is not None}
        np.savez_compressed(tmp_path / "x.npz", **arrays)
        return tmp_path / "x.npz"

    return write


def test_a_valid_file_reads_as_it_is(npz, mnist_arrays):
    splits = read_npz(npz(), 3)
    np.testing.assert_array_equal(splits["validation"].images, mnist_arrays["val_images"])
    assert splits["test"].labels.tolist() == [0, 1, 2, 0, 1, 2]


def test_grey_images_get_a_channel_and_flat_labels_are_taken(npz, mnist_arrays):
    grey = {k: v[..., 0] for k, v in mnist_arrays.items() if "images" in k}
    flat = {k: v[:, 0] for k, v in mnist_arrays.items() if "labels" in k}
    splits = read_npz(npz(**grey, **flat), None)
    assert splits["train"].images.shape == (12, 10, 10, 1)


IMAGES = np.zeros((12, 10, 10, 3), np.uint8)
LABELS = np.zeros((12, 1), np.uint8)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val_labels": None}, r"x\.npz: key 'val_labels' is missing \(present: test_images"),
        ({"train_images": IMAGES.astype(np.float32)}, "'train_images' has dtype float32; .*uint8"),
        ({"train_images": np.full(IMAGES.shape, np.nan)}, "'train_images' holds 3600 NaN values"),
        ({"train_images": IMAGES[..., :2]}, r"shape \(12, 10, 10, 2\); expected"),
        ({"train_images": IMAGES.reshape(12, -1)}, r"shape \(12, 300\); expected"),
        ({"train_images": IMAGES[:, :8]}, "images of different shapes"),
        ({"train_images": IMAGES[:5]}, "'train_labels' has 12 labels for 5 images"),
        ({"train_labels": LABELS + 3}, "'train_labels' has label 3, but there are only 3 classes"),
        ({"test_labels": np.full((6, 1), 9, np.uint8)}, "'test_labels' has label 9, but there are only 3"),
        ({"train_labels": LABELS.astype(np.int8) - 1}, "negative label -1"),
        ({"train_labels": np.full((12, 1), np.nan)}, "'train_labels' has dtype float64; labels must be whole"),
        ({"train_labels": np.zeros((12, 4), np.uint8)}, "has 4 labels an image; this study takes one"),
        ({"train_labels": LABELS}, "no image of class 1"),
        ({"test_images": IMAGES[:0], "test_labels": LABELS[:0]}, r"'test_images' has shape \(0, 10, 10, 3\)"),
    ],
)
def test_a_bad_file_is_one_message_with_file_key_and_fault(npz, changes, message):
    with pytest.raises(ReplisomeError, match=message):
        read_npz(npz(**changes), 3)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.95])
def test_a_cut_off_file_is_a_message(npz, share):
    path = npz()
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ReplisomeError, match=r"x\.npz: not a readable npz file .*download again"):
        read_npz(path, 3)


def test_something_that_is_no_npz_is_a_message(tmp_path):
    (tmp_path / "x.npz").write_text("<html>Not found</html>")
    with pytest.raises(ReplisomeError, match="not a readable npz file"):
        read_npz(tmp_path / "x.npz", 3)


@pytest.fixture
def leaky(npz, mnist_arrays):
    """Two training images stand in test too (one labelled otherwise), one in validation; training has a pair."""
    arrays = {k: v.copy() for k, v in mnist_arrays.items()}
    arrays["test_images"][0] = arrays["train_images"][0]  # both of class 0
    arrays["test_images"][1] = arrays["train_images"][3]  # class 1 against 0
    arrays["val_images"][2] = arrays["train_images"][2]
    arrays["train_images"][5] = arrays["train_images"][4]
    return npz(**arrays)


def test_duplicates_are_grouped_counted_and_located(leaky):
    found = find_duplicates(read_npz(leaky, 3))
    counts = (found["groups"], found["images"], found["crossing_groups"], found["conflicting_groups"])
    assert counts == (4, 8, 3, 2)
    assert [{"split": "train", "row": 0, "label": 0}, {"split": "test", "row": 0, "label": 0}] in found["members"]


def test_what_stands_in_a_later_split_is_dropped_from_the_earlier_one(leaky):
    splits, dropped = drop_leaks(read_npz(leaky, 3))
    assert dropped == {"train": 3, "validation": 0, "test": 0}
    assert splits["train"].rows.tolist() == [1, 4, 5, 6, 7, 8, 9, 10, 11]
    assert find_duplicates(splits)["crossing_groups"] == 0


def test_the_sound_recipe_takes_statistics_from_the_images_it_keeps(leaky):
    prepared = prepare(recipe(split="official-deduplicated", normalisation="zscore"), {"x": RawFile(leaky, ENTRY)})
    table, metadata = prepared.tables["train"]
    images = column_array(table, "image", tuple(metadata["shape"]))
    assert len(images) == 9
    assert prepared.statistics["channel_mean"] == pytest.approx((images / 255).mean(axis=(0, 1, 2)))
    assert prepared.statistics["n"] == 9
    assert prepared.card["duplicates"]["crossing_groups"] == 3


def test_the_reported_recipe_keeps_everything_and_scales_by_constants(leaky):
    prepared = prepare(recipe(), {"x": RawFile(leaky, ENTRY)})
    assert len(prepared.tables["train"][0]) == 12
    assert prepared.statistics["channel_mean"] == [0.5, 0.5, 0.5]
    assert prepared.card["class_names"] == ["a", "b", "c"]


def test_a_file_with_other_counts_than_the_official_ones_is_refused(npz):
    with pytest.raises(ReplisomeError, match="split 'train' has 12 images, the official file has 11959"):
        official = {"medmnist": "bloodmnist"}
        prepare(recipe(), {"x": RawFile(npz(train_labels=(np.arange(12) % 8)[:, None]), official)})


def test_medmnist_is_read_without_being_imported(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert medmnist_info("bloodmnist")["n_samples"] == {"train": 11959, "val": 1712, "test": 3421}
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ReplisomeError, match="did you mean 'bloodmnist'"):
        medmnist_info("bloodmnst")


@pytest.mark.real_data
def test_the_real_images_have_seventeen_duplicate_groups_eleven_across_splits(real_data):
    splits = read_npz(real_data / "bloodmnist" / "pbc_blood28.npz", 8)
    assert {name: len(data.labels) for name, data in splits.items()} == {
        "train": 11959,
        "validation": 1712,
        "test": 3421,
    }
    found = find_duplicates(splits)
    assert (found["groups"], found["crossing_groups"], found["conflicting_groups"]) == (17, 11, 1)


def test_deduplication_that_leaves_nothing_is_a_message(npz, mnist_arrays):
    same = npz(test_images=mnist_arrays["val_images"])
    with pytest.raises(ReplisomeError, match="every image of split 'validation' stands again in a later split"):
        prepare(recipe(split="official-deduplicated"), {"x": RawFile(same, ENTRY)})


def test_a_single_array_named_npz_is_a_message(tmp_path):
    with (tmp_path / "x.npz").open("wb") as handle:
        np.save(handle, np.zeros(3))
    with pytest.raises(ReplisomeError, match="holds a single array"):
        read_npz(tmp_path / "x.npz", 3)
