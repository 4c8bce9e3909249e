"""The bounds of the simulation, where intervals are most likely to miss them; the whole table takes minutes.

``python -m tests.simulations.intervals`` prints it.
"""

import pytest
from tests.simulations.intervals import (
    LEAST_COVERED,
    MOST_FALSE,
    STUDIES,
    cells,
    images,
    pooled_root,
    probes,
    stretches,
)


@pytest.mark.slow
def test_intervals_cover_and_equal_models_are_seldom_called_different():
    assert STUDIES >= 4000
    kinds = [images(), stretches(6), stretches(20, solved=True), stretches(59), probes(), pooled_root()]
    found = [*cells(kinds[:2], [("calm", 1)]), *cells(kinds, [("restless", 3)])]
    assert {cell.seeds for cell in found} == {3, 5}
    assert not [cell for cell in found if min(cell.covered, cell.covered_second) < LEAST_COVERED]
    assert not [cell for cell in found if cell.different > MOST_FALSE]
