"""The bounds of the simulation; ``python -m tests.simulations.intervals`` prints its table."""

import pytest
from tests.simulations.intervals import LEAST_COVERED, MOST_FALSE, STUDIES, cells


@pytest.mark.slow
def test_intervals_cover_and_equal_models_are_seldom_called_different():
    assert STUDIES >= 4000
    found = [cell for cell in cells() if cell.bounded]
    assert {cell.seeds for cell in found} == {3, 5}
    assert not [cell for cell in found if min(cell.covered, cell.covered_second) < LEAST_COVERED]
    assert not [cell for cell in found if cell.different > MOST_FALSE]
