"""A share of the random frames of frame_fuzz.py, and a planted decoder that it must catch."""

from __future__ import annotations

import random

import pytest

from firmware.wire import framing
from tests.firmware.frame_fuzz import Tally, batch, run

pytestmark = pytest.mark.control("framing")


def test_random_frames_are_found_or_counted_and_nothing_grows() -> None:
    tally = run(5, 40_000)
    assert (tally.mismatches, tally.found) == (0, tally.sound)
    assert tally.sound > 8_000
    assert tally.held_bytes_max <= framing.FRAME_BYTES_MAX


def test_decoder_that_skips_its_checksum_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(framing, "crc32", lambda data: 0)
    tally = Tally()
    batch(framing.Decoder(), random.Random(5), 2_000, tally)
    assert tally.mismatches == 1
