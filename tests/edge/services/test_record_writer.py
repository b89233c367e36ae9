"""What a record says of its length, from rows as a journal keeps them."""

from __future__ import annotations

from datetime import UTC, datetime

from edge.domain.record import JournalRow
from edge.domain.train_plan import plan_of
from edge.services.record_writer import duration_ms

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PLAN = plan_of((10, 100_000), (3, 2_000_000), train_levels=1)  # 10 Hz for a second, every 2 s


def row(seq: int, kind: str, **body: object) -> JournalRow:
    return JournalRow(seq=seq, utc=NOON, kind=kind, body=body, is_trusted=True, mono_us=None)


def intent(seq: int, first_pulse: int) -> JournalRow:
    return row(seq, "train_intent", first_pulse=first_pulse, starts_in_ms=500)


def test_duration_is_from_the_first_pulse_to_the_last() -> None:
    rows = [
        intent(1, 0),
        row(2, "train_result", measured=10),
        intent(3, 10),
        row(4, "train_result", measured=4),
    ]
    moments = {1: (1, 0), 2: (1, 1_450_000), 3: (1, 2_000_000), 4: (1, 2_850_000)}

    assert duration_ms(rows, moments, PLAN) == 2_300


def test_duration_does_not_grow_while_a_count_waits_to_be_settled() -> None:
    # Catches a record that is longer by the minutes in which nobody knew the count.
    rows = [intent(1, 0), row(2, "train_result", measured=7)]

    assert duration_ms(rows, {1: (1, 0), 2: (1, 90_000_000)}, PLAN) == 600


def test_duration_is_summed_over_starts_of_the_service_and_nothing_without_pulses() -> None:
    rows = [
        intent(1, 0),
        row(2, "train_result", measured=10),
        intent(3, 10),
        row(4, "train_result", measured=0),
        intent(5, 10),
        row(6, "train_result", measured=10),
    ]
    moments = {1: (1, 0), 2: (2, 5), 3: (2, 9), 4: (2, 11), 5: (3, 7), 6: (3, 2_000_000)}

    assert duration_ms(rows, moments, PLAN) == 1_800
    assert duration_ms(rows[2:4], moments, PLAN) == 0
    assert duration_ms([], {}, PLAN) == 0
