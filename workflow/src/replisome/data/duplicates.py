"""The same item in more than one split: found by what it is made of, and dropped where it leaks."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np

from replisome.data.splits import SPLITS


def unleaked(contents: Mapping[str, Sequence[Hashable]]) -> dict[str, np.ndarray]:
    """Return by split a mask (items,) that is false where the same item also stands in a later split.

    ``contents`` gives each split's items as anything hashable: digests, sequences. Test keeps all of its items,
    validation loses those that stand in test too, training those that stand in either.
    """
    masks = {}
    for position, split in enumerate(SPLITS):
        later = {item for other in SPLITS[position + 1 :] for item in contents[other]}
        masks[split] = np.array([item not in later for item in contents[split]], dtype=bool)
    return masks
