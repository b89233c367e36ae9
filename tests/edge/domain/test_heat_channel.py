"""The edge's own contact-face channel: a value that may be believed, or the word why not."""

from __future__ import annotations

import pytest

from edge.domain.heat_channel import (
    BAD_ROW,
    CHANNEL_DOUBTS,
    DIFFER_C10_MAX,
    DIFFER_S,
    FROZEN_S,
    RAW_TOP,
    REFERENCE_RAW,
    REFERENCE_RAW_OFF_MAX,
    SLEW_C10_S,
    SLEW_HOLD_S,
    STALE_S,
    STILL_S,
    WINDOW,
    Agreement,
    FaceChannel,
    judge_raw,
)
from edge.services.heat_watch import STEPS_S
from hw_sim.thermometer import share_of

pytestmark = pytest.mark.control("second-temperature")

STEP_S = 0.25
Raw = tuple[int, int] | None


def raw_of(c10: float) -> tuple[int, int]:
    """What a healthy converter gives at this temperature."""
    return round(share_of(c10) * RAW_TOP), REFERENCE_RAW


OPEN, SHORT = (RAW_TOP, REFERENCE_RAW), (0, REFERENCE_RAW)
WRONG_REFERENCE = (raw_of(300)[0], REFERENCE_RAW + REFERENCE_RAW_OFF_MAX + 1)


class Wire:
    """Feeds a channel at a steady pace."""

    def __init__(self) -> None:
        self.channel = FaceChannel()
        self.now_s = 0.0

    def feed(self, *readings: Raw, stimulating: bool = False) -> tuple[int | None, str]:
        for raw in readings:
            self.now_s += STEP_S
            self.channel.take(self.now_s, raw, is_stimulating=stimulating)
        return self.channel.at(self.now_s)

    def warm(self, *degrees_c10: float) -> tuple[int | None, str]:
        return self.feed(*(raw_of(c10) for c10 in degrees_c10))


def warm_wire(c10: float = 300) -> Wire:
    wire = Wire()
    wire.warm(*[c10] * WINDOW)
    return wire


def test_raw_comes_back_as_tenths_within_a_converter_step() -> None:
    for c10 in range(200, 600):
        value_c10, word = judge_raw(raw_of(c10))
        assert word == ""
        assert value_c10 is not None
        assert abs(value_c10 - c10) <= 2


def test_every_raw_pair_is_a_value_or_a_word() -> None:
    # The whole input domain of the gate: 1024 x 1024 readings and none at all.
    seen: dict[str, int] = {}
    for reference in range(RAW_TOP + 1):
        for face in range(0, RAW_TOP + 1, 1 if abs(reference - REFERENCE_RAW) < 20 else 341):
            value_c10, word = judge_raw((face, reference))
            assert (value_c10 is None) == (word != "")
            assert value_c10 is None or type(value_c10) is int
            assert word in ("", *CHANNEL_DOUBTS)
            seen[word] = seen.get(word, 0) + 1
    assert judge_raw(None) == (None, "unread")
    assert set(seen) == {"", "reference", "open", "short"}


def test_reference_at_the_end_of_its_band_is_believed() -> None:
    for off in (-REFERENCE_RAW_OFF_MAX, REFERENCE_RAW_OFF_MAX):
        assert judge_raw((raw_of(300)[0], REFERENCE_RAW + off))[1] == ""


def test_channel_starts_and_starts_anew_with_nothing_known() -> None:
    # Catches a trust, or a doubt, carried over from the coil before.
    fresh = {
        "_recent": [],
        "_bad": 0,
        "_value_c10": None,
        "_word": "starting",
        "_read_at": None,
        "_last_c10": None,
        "_still_since": 0.0,
        "_moved_at": None,
        "_is_frozen": False,
        "_window": None,
        "_in_window": 0,
        "_slewed_at": None,
    }
    used = warm_wire().channel
    used._is_frozen, used._slewed_at = True, 1.0
    used.restart()

    for channel in (FaceChannel(), used):
        assert vars(channel) == fresh
        assert [type(v) for v in vars(channel).values()] == [type(v) for v in fresh.values()]


def test_channel_gives_the_median_of_the_last_five() -> None:
    wire = Wire()
    assert wire.warm(250, 340, 300, 330, 310, 320)[0] == judge_raw(raw_of(320))[0]


def test_channel_is_unknown_until_five_readings() -> None:
    wire = Wire()
    assert wire.channel.at(0.0) == (None, "starting")
    assert wire.warm(*[300] * (WINDOW - 1)) == (None, "starting")
    value_c10, word = wire.warm(300)
    assert (value_c10, word) == (judge_raw(raw_of(300))[0], "")


@pytest.mark.parametrize(
    ("raw", "word"),
    [(OPEN, "open"), (SHORT, "short"), (None, "unread"), (WRONG_REFERENCE, "reference")],
)
def test_channel_bad_row_ends_the_value_within_a_second_and_says_why(raw: Raw, word: str) -> None:
    # Catches: the last good value held for ever.
    wire = warm_wire()
    assert wire.feed(*[raw] * (BAD_ROW - 1))[1] == ""
    assert wire.feed(raw) == (None, word)
    assert BAD_ROW * max(STEPS_S) < 1.0
    assert wire.feed(raw, raw) == (None, word)
    assert wire.warm(*[300] * (WINDOW - 1))[0] is None
    assert wire.warm(300)[1] == ""


def test_channel_single_spikes_in_step_with_pulses_are_passed_over() -> None:
    wire = warm_wire()
    good = wire.channel.at(wire.now_s)
    for _ in range(20):
        assert wire.warm(600, 300, 300) == good
        assert wire.feed(OPEN, raw_of(300)) == good


def test_channel_nobody_reads_is_stale_after_a_second() -> None:
    wire = warm_wire()
    assert wire.channel.at(wire.now_s + STALE_S)[1] == ""
    assert wire.channel.at(wire.now_s + STALE_S + 0.001) == (None, "stale")


def test_channel_jump_or_run_away_is_slewing_for_a_while() -> None:
    for sign in (1, -1):
        wire = warm_wire(450)
        jump_c10 = sign * (SLEW_C10_S * WINDOW * STEP_S + 5)
        assert wire.warm(*[450 + jump_c10] * (2 * WINDOW)) == (None, "slew")
        wire.warm(*[450 + jump_c10] * int(SLEW_HOLD_S / STEP_S))
        assert wire.channel.at(wire.now_s)[1] == ""
    runaway = warm_wire()
    assert runaway.warm(*[300 + 50 * n for n in range(1, 2 * WINDOW)]) == (None, "slew")


@pytest.mark.parametrize("phase", range(WINDOW))
def test_slope_of_a_window_may_be_its_limit_at_any_moment_and_no_more(phase: int) -> None:
    # Catches: a window shorter than it should be, which a burst would trip.
    most_c10 = round(SLEW_C10_S * WINDOW * STEP_S)
    for step_c10, is_slewing in ((most_c10, False), (most_c10 + 1, True), (-most_c10 - 1, True)):
        channel = FaceChannel()
        for tick in range(4 * WINDOW):
            channel._watch_slope(tick * STEP_S, 300 + (step_c10 if tick > WINDOW + phase else 0))
        assert (channel._slewed_at is not None) is is_slewing


def test_channel_is_believed_again_exactly_after_the_hold() -> None:
    wire = warm_wire()
    for now_s, word in ((105.0, "slew"), (100.0 + SLEW_HOLD_S, "")):
        wire.channel._slewed_at, wire.channel._read_at = 100.0, now_s
        assert wire.channel.at(now_s)[1] == word


def test_channel_as_fast_as_a_coil_can_warm_is_believed() -> None:
    wire = warm_wire()
    assert wire.warm(*[300 + 2.5 * STEP_S * n for n in range(1, 200)])[1] == ""


def test_channel_without_noise_while_stimulating_is_frozen_until_it_moves() -> None:
    wire = warm_wire()
    readings = int(FROZEN_S / STEP_S)
    assert wire.feed(*[raw_of(300)] * 2 * readings)[1] == ""  # at rest it may stand still
    assert wire.feed(*[raw_of(300)] * (readings - 1), stimulating=True)[1] == ""
    assert wire.feed(raw_of(300), stimulating=True) == (None, "frozen")
    assert wire.feed(raw_of(300)) == (None, "frozen")
    assert wire.warm(302)[1] == ""


def test_standstill_counts_from_the_last_move() -> None:
    wire = warm_wire()
    wire.warm(310)
    since_s = wire.now_s
    while wire.now_s < since_s + FROZEN_S - STEP_S:
        wire.feed(raw_of(310), stimulating=True)
    assert wire.channel._is_frozen is False
    wire.feed(raw_of(310), stimulating=True)
    assert wire.channel._is_frozen is True
    wire.feed(raw_of(320), stimulating=True)
    assert wire.channel._is_frozen is False


def test_channel_of_another_coil_starts_anew() -> None:
    wire = warm_wire()
    wire.channel.restart()
    assert wire.channel.at(wire.now_s) == (None, "starting")
    assert wire.warm(*[500] * 2 * WINDOW)[1] == ""  # no slope from the coil before


def test_agreement_differs_only_beyond_five_degrees_for_a_second() -> None:
    pair = Agreement()
    assert vars(pair) == {"_differs_since": None, "differs": False}
    assert pair.differs is False
    pair.take(0.0, 300, 300 + DIFFER_C10_MAX)
    pair.take(10.0, 300, 300 + DIFFER_C10_MAX)
    assert not pair.differs
    pair.take(11.0, 301 + DIFFER_C10_MAX, 300)
    pair.take(11.0 + DIFFER_S, 301 + DIFFER_C10_MAX, 300)
    assert not pair.differs
    pair.take(11.1 + DIFFER_S, 301 + DIFFER_C10_MAX, 300)
    assert pair.differs
    for own_c10, theirs_c10 in ((None, 300), (300, None), (300, 300)):
        pair.take(13.0, own_c10, theirs_c10)
        assert not pair.differs


def test_channel_without_noise_is_still_and_one_with_noise_is_not() -> None:
    channel = FaceChannel()
    assert channel.is_still(0.0)
    channel.take(1.0, raw_of(230), is_stimulating=False)
    for second in range(2, 40):
        channel.take(float(second), raw_of(230), is_stimulating=False)
    assert not channel.is_still(1.0 + STILL_S)
    assert channel.is_still(1.1 + STILL_S)
    channel.take(40.0, (raw_of(310)[0], REFERENCE_RAW), is_stimulating=False)
    assert not channel.is_still(40.0)
