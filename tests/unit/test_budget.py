import pytest

from replisome.config.budget import Budget
from replisome.errors import ReplisomeError


def test_rounds_end_with_epochs_or_after_so_many_steps():
    assert Budget(3).ends(7) == [7, 14, 21]
    assert Budget(20, every=8).ends(7) == [8, 16, 20]
    assert Budget(5, every=8).ends(7) == [5]


def test_a_budget_is_shown_with_its_unit():
    assert [str(b) for b in (Budget(1), Budget(30), Budget(10000, 250), Budget(1, 1))] == [
        "1 epoch", "30 epochs", "10,000 steps", "1 step",
    ]  # fmt: skip


def test_less_is_less_and_what_cannot_be_compared_counts_as_less():
    assert Budget(5).less_than(Budget(6))
    assert not Budget(6).less_than(Budget(6))
    assert Budget(100, 10).less_than(Budget(5))


def test_limits_cap_epochs_rounds_and_steps():
    assert Budget(30).capped(2, 1) == {"epochs": 2}
    assert Budget(1000, 100).capped(2, None) == {"steps": 200, "every": 100}
    assert Budget(1000, 100).capped(2, 7) == {"steps": 7, "every": 7}
    assert Budget(1000, 100).capped(None, None) == {"steps": 1000, "every": 100}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "give either 'epochs', or 'steps' and 'every'.*not nothing"),
        ({"steps": 5}, "not steps"),
        ({"epochs": 5, "steps": 5, "every": 1}, "not epochs, every, steps"),
        ({"steps": "many", "every": 5}, "'steps' is a whole number above 0, not 'many'"),
        ({"epochs": 0}, "'epochs' is a whole number above 0, not 0"),
        ({"epochs": True}, "not True"),
    ],
)
def test_what_is_no_budget_is_refused(settings, message):
    with pytest.raises(ReplisomeError, match=message):
        Budget.of(settings)
