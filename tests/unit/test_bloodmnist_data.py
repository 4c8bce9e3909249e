import os
import subprocess
import sys
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT

from replisome.data.parquet import column_array
from replisome.data.raw_files import RawFile
from replisome.errors import ReplisomeError
from replisome.studies.bloodmnist.data import digests_of, drop_leaks, find_duplicates, medmnist_info, prepare, read_npz

ENTRY = {"classes": ["a", "b", "c"]}


def recipe(**changes):
    plain = {"name": "r", "source": {"dataset": "x"}, "split": "official", "encoding": "image", "normalisation": "half"}
    return {**plain, **changes}


def images_of(split):
    return np.concatenate(list(split.batches()))


def duplicates_of(splits):
    return find_duplicates(splits, digests_of(splits))


@pytest.fixture
def npz(tmp_path, mnist_arrays):
    def write(**changes):
        arrays = {k: v for k, v in {**mnist_arrays, **changes}.items() if v is not None}
        np.savez_compressed(tmp_path / "x.npz", **arrays)
        return tmp_path / "x.npz"

    return write


def test_a_valid_file_reads_as_it_is(npz, mnist_arrays):
    splits = read_npz(npz(), 3)
    np.testing.assert_array_equal(images_of(splits["validation"]), mnist_arrays["val_images"])
    assert splits["test"].labels.tolist() == [0, 1, 2, 0, 1, 2]


def test_grey_images_get_a_channel_and_flat_labels_are_taken(npz, mnist_arrays):
    grey = {k: v[..., 0] for k, v in mnist_arrays.items() if "images" in k}
    flat = {k: v[:, 0] for k, v in mnist_arrays.items() if "labels" in k}
    splits = read_npz(npz(**grey, **flat), None)
    assert images_of(splits["train"]).shape == (12, 10, 10, 1)


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


@pytest.mark.parametrize(("share", "message"), [(0.0, "is empty"), (0.3, "is cut off"), (0.95, "is cut off")])
def test_a_cut_off_file_is_a_message(npz, share, message):
    path = npz()
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ReplisomeError, match=rf"x\.npz: .*{message}.*put a whole copy in its place"):
        read_npz(path, 3)


def test_a_flipped_bit_among_the_pixels_is_a_message(npz, mnist_arrays, tmp_path):
    np.savez(tmp_path / "x.npz", **mnist_arrays)
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[data.index(mnist_arrays["train_images"].tobytes()) + 700] ^= 1
    (tmp_path / "x.npz").write_bytes(data)
    with pytest.raises(ReplisomeError, match="cut off or damaged"):
        digests_of(read_npz(tmp_path / "x.npz", 3))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>Not found</html>", "is not an npz file but a web page; put one in its place"),
        (b"\x1f\x8b\x08 packed", "is not an npz file; put one in its place"),
    ],
)
def test_something_that_is_no_npz_is_told_so(tmp_path, content, message):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ReplisomeError, match=message):
        read_npz(tmp_path / "x.npz", 3)


@pytest.mark.parametrize("key", ["train_labels", "test_images"])
def test_an_array_of_python_objects_is_refused_with_a_remedy_that_is_safe(npz, mnist_arrays, key):
    with pytest.raises(ReplisomeError, match=f"key '{key}' holds Python objects, .*; save it as integers") as caught:
        read_npz(npz(**{key: mnist_arrays[key].astype(object)}), 3)
    assert "pickle" not in str(caught.value)


@pytest.mark.parametrize("key", ["train_images", "train_labels"])
@pytest.mark.parametrize(
    ("shape", "size"), [((10**6, 10**6, 10**3, 3), 0), ((-4, 10, -10, 3), 0), ((12, 10, 10, 3), 9)]
)
def test_a_header_that_promises_what_the_file_does_not_hold_is_refused_before_memory_is_asked_for(
    npz, mnist_arrays, tmp_path, key, shape, size
):
    with zipfile.ZipFile(npz(**{key: None}), "a") as archive, archive.open(f"{key}.npy", "w") as handle:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(handle, header)
        handle.write(bytes(size))
    with pytest.raises(
        ReplisomeError, match=rf"key '{key}': its header promises an array of shape .* holds {size} bytes"
    ):
        read_npz(tmp_path / "x.npz", 3)


def test_an_array_in_fortran_order_reads_as_it_is(npz, mnist_arrays):
    splits = read_npz(npz(train_images=np.asfortranarray(mnist_arrays["train_images"])), 3)
    np.testing.assert_array_equal(images_of(splits["train"]), mnist_arrays["train_images"])


MEASURE = """
import resource, sys
from pathlib import Path
import numpy as np
from replisome.data.parquet import write_parquet_stream
from replisome.data.raw_files import RawFile
from replisome.studies.bloodmnist.data import prepare

def carry_out(path, out):
    recipe = {"name": "r", "source": {"dataset": "x"}, "split": "official-deduplicated", "encoding": "image"}
    prepared = prepare({**recipe, "normalisation": "zscore"}, {"x": RawFile(Path(path), {"classes": ["a", "b", "c"]})})
    for split, stream in prepared.tables.items():
        write_parquet_stream(Path(out) / f"{split}.parquet", *stream)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KiB, of the process so far

before = carry_out(sys.argv[1], sys.argv[3])
print(carry_out(sys.argv[2], sys.argv[3]) - before)
"""


def test_memory_to_prepare_large_images_does_not_grow_with_their_number(tmp_path):
    rng = np.random.default_rng(0)
    for name, n in (("few", 60), ("many", 600)):  # 11 and 108 MB at 224 pixels
        arrays = {}
        for key, count in (("train", n), ("val", n // 10), ("test", n // 10)):
            images = rng.integers(0, 256, size=(count, 224, 224, 3), dtype=np.uint8)
            arrays |= {f"{key}_images": images, f"{key}_labels": np.arange(count) % 3}
        np.savez(tmp_path / f"{name}.npz", **arrays)
        del arrays, images
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path / "few.npz", tmp_path / "many.npz", tmp_path],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "workflow/src")},
        text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 50_000  # KiB; the further images have 95,000, and took 680,000 when they were held


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
    found = duplicates_of(read_npz(leaky, 3))
    counts = (found["groups"], found["images"], found["crossing_groups"], found["conflicting_groups"])
    assert counts == (4, 8, 3, 2)
    assert [{"split": "train", "row": 0, "label": 0}, {"split": "test", "row": 0, "label": 0}] in found["members"]


def test_what_stands_in_a_later_split_is_dropped_from_the_earlier_one(leaky):
    whole = read_npz(leaky, 3)
    splits, dropped = drop_leaks(whole, digests_of(whole))
    assert dropped == {"train": 3, "validation": 0, "test": 0}
    assert splits["train"].rows.tolist() == [1, 4, 5, 6, 7, 8, 9, 10, 11]
    assert duplicates_of(splits)["crossing_groups"] == 0


def test_the_sound_recipe_takes_statistics_from_the_images_it_keeps(leaky):
    prepared = prepare(recipe(split="official-deduplicated", normalisation="zscore"), {"x": RawFile(leaky, ENTRY)})
    _, batches, metadata = prepared.tables["train"]
    table = pa.Table.from_batches(list(batches))
    images = column_array(table, "image", tuple(metadata["shape"]))
    assert len(images) == 9
    assert prepared.statistics["channel_mean"] == pytest.approx((images / 255).mean(axis=(0, 1, 2)))
    assert prepared.statistics["n"] == 9
    assert prepared.card["duplicates"]["crossing_groups"] == 3


def test_the_reported_recipe_keeps_everything_and_scales_by_constants(leaky):
    prepared = prepare(recipe(), {"x": RawFile(leaky, ENTRY)})
    assert sum(len(batch) for batch in prepared.tables["train"].batches) == 12
    assert prepared.statistics["channel_mean"] == [0.5, 0.5, 0.5]
    assert prepared.card["class_names"] == ["a", "b", "c"]


def test_fewer_training_images_are_the_first_ones_and_duplicates_are_still_those_of_all(leaky):
    def prepared(**options):
        source = {"dataset": "x", "options": options}
        return prepare(recipe(split="official-deduplicated", source=source), {"x": RawFile(leaky, ENTRY)})

    whole, few = prepared(), prepared(max_train=7)
    rows = [[row for batch in p.tables["train"].batches for row in batch["row"].to_pylist()] for p in (whole, few)]
    assert rows[1] == rows[0][:7]
    assert few.card["duplicates"] == whole.card["duplicates"]
    assert (few.card["max_train"], few.statistics["n"]) == (7, 7)
    with pytest.raises(ReplisomeError, match=r"the first 1 training images hold none of class 0; raise 'max_train'"):
        prepared(max_train=1)


def test_a_file_with_other_counts_than_the_official_ones_is_refused(npz):
    with pytest.raises(ReplisomeError, match="split 'train' has 12 images, the official file has 11959"):
        official = {"medmnist": "bloodmnist"}
        prepare(recipe(), {"x": RawFile(npz(train_labels=(np.arange(12) % 8)[:, None]), official)})


def test_medmnist_says_what_a_data_set_is():
    assert medmnist_info("bloodmnist")["n_samples"] == {"train": 11959, "val": 1712, "test": 3421}
    with pytest.raises(ReplisomeError, match="did you mean 'bloodmnist'"):
        medmnist_info("bloodmnst")


def test_medmnist_is_imported_when_it_is_asked_and_quietly_where_home_cannot_be_written_to(tmp_path):
    home = tmp_path / "home"
    home.write_text("a file, so that no folder can be made below it")
    program = (
        "import sys; from replisome.studies.bloodmnist import data; assert 'medmnist' not in sys.modules\n"
        "print(data.medmnist_info('bloodmnist') is sys.modules['medmnist'].INFO['bloodmnist'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(ROOT / "workflow/src")},
        text=True, capture_output=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("True\n", "")


@pytest.mark.real_data
def test_the_real_images_have_seventeen_duplicate_groups_eleven_across_splits(real_data):
    splits = read_npz(real_data / "bloodmnist" / "pbc_blood28.npz", 8)
    assert {name: len(data.labels) for name, data in splits.items()} == {
        "train": 11959,
        "validation": 1712,
        "test": 3421,
    }
    found = duplicates_of(splits)
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
