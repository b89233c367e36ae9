"""The device core searched: every state it can reach from power-on, every event in each.

The counts and the planted bugs are printed at the end of the run. tests/search/ has the search, the
rules and the bugs.
"""

from __future__ import annotations

import pytest

from firmware.wire.codes import STATE_NAMES
from tests.search.core_events import EVENTS
from tests.search.core_planted import PLANTED, REST, Planted, planted
from tests.search.core_rules import RULES
from tests.search.core_world import CoreWorld
from tests.search.engine import Found, RuleBrokenError, search
from tests.support.told import tell

pytestmark = [
    pytest.mark.search,
    pytest.mark.control("arm-echo-confirm"),
    pytest.mark.control("one-use-token"),
    pytest.mark.control("absolute-starts"),
    pytest.mark.control("interlocks-mcu"),
    pytest.mark.control("enclosure-switch"),
    pytest.mark.control("cooling-input"),
    pytest.mark.control("patient-button"),
    pytest.mark.timeout(240),  # a machine that is busy takes several times as long
]

STATES_MAX = 6_000  # a bound on time; the search is meant to end before it
PLANTED_STATES_MAX = 150


@pytest.fixture(scope="module")
def found() -> Found:
    """The whole search, once."""
    return search(CoreWorld(), STATES_MAX)


def test_core_searched_whole_breaks_no_rule(found: Found) -> None:
    tell(found.line("device core"))
    tell(f"  rules held in each: {', '.join(RULES)}")

    assert found.is_whole
    assert found.states > 800
    assert found.moves > 30_000


def test_search_reaches_every_state_of_the_device(found: Found) -> None:
    assert set(found.places) == set(STATE_NAMES)


def test_search_makes_every_event_happen(found: Found) -> None:
    # Those that are refused everywhere are asked in "every refused command".
    never = set(EVENTS) - set(found.events)

    assert never == {
        "Arm with a wrong count",
        "Charge too high",
        "Configure fewer inputs",
        "Confirm with a used token",
        "Fire too late",
        "Fire too many",
        "Fire with a used token",
    }


def test_search_twice_finds_the_same() -> None:
    counts = [search(CoreWorld(), 20, start=REST) for _ in range(2)]

    assert counts[0] == counts[1]


def test_restored_state_goes_on_as_the_one_that_was_saved() -> None:
    # Catches: something that changes and is not saved.
    world = CoreWorld()
    for event in (*REST, "Charge", "a while", "Arm"):
        world.do(event)
    saved = world.save()
    ends = []
    for _ in range(2):
        world.restore(saved)
        for event in ("next wake", "next wake", "Confirm", "Fire", "past the pulse", "Stop"):
            world.do(event)
        ends.append((world.key(), world.now_us, world.book.sensed, world.unit.counters.__dict__))

    assert ends[0] == ends[1]


def test_every_rule_has_a_planted_bug() -> None:
    assert {rule for bug in PLANTED for rule in bug.rules} == set(RULES)


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name.replace(" ", "-")[:40])
def test_search_with_a_planted_bug_finds_it(bug: Planted) -> None:
    with planted(bug), pytest.raises(RuleBrokenError) as caught:
        search(CoreWorld(), PLANTED_STATES_MAX, start=bug.start)

    assert caught.value.rule in bug.rules, caught.value
    last = caught.value.path[-1]
    tell(f"  planted in the core: {bug.name}. Found by rule '{caught.value.rule}' at '{last}'")
