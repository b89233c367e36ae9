"""Signs of life: nobody is present at first, and silence counts after each part's own window."""

from __future__ import annotations

import pytest

from edge.domain.roll_call import RollCall

pytestmark = pytest.mark.control("host-enable")


def test_roll_call_starts_with_everybody_missing() -> None:
    """Catches: a starting value that is the good case."""
    roll = RollCall({"link": 0.3, "panel": 0.5})

    assert roll.missing(0.0) == "link"
    roll.check_in("link", 0.0)
    assert roll.missing(0.0) == "panel"
    roll.check_in("panel", 0.0)
    assert roll.missing(0.0) == ""


def test_roll_call_names_the_part_whose_window_has_passed() -> None:
    roll = RollCall({"link": 0.3, "panel": 0.5})
    for part in ("link", "panel"):
        roll.check_in(part, 10.0)

    assert roll.missing(10.29) == ""
    assert roll.missing(10.31) == "link"
    roll.check_in("link", 10.5)
    assert roll.missing(10.51) == "panel"


def test_roll_call_takes_a_part_for_present_to_the_end_of_its_window() -> None:
    roll = RollCall({"link": 0.3})
    roll.check_in("link", 0.0)

    assert roll.missing(0.3) == ""


def test_roll_call_of_a_part_without_a_window_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        RollCall({"link": 0.0}).check_in("link", 0.0)


def test_roll_call_knows_only_its_own_parts() -> None:
    with pytest.raises(KeyError):
        RollCall({"link": 0.3}).check_in("panel", 0.0)
