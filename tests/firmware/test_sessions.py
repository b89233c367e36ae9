# Whole sessions on the fake HAL, in jumped time, on both interpreters: every pulse at its time,
# every count the same, the same bytes on the line.
from firmware.core.train import TrainPlan
from firmware.wire.codes import ARMED, ENDED_COMPLETE, ENDED_HOLD, HOLD, OK, STANDBY
from firmware.wire.commands import Charge, Discharge, Hold, ReadLedger
from tests.firmware.bench import (
    ITBS_600,
    ONE_HZ_120,
    SESSION_A,
    TEN_HZ_80,
    Bench,
    treat,
)


def _planned(
    levels: "tuple[tuple[int, int], ...]", train_levels: int, origin_us: int
) -> "list[int]":
    plan = TrainPlan(levels, train_levels)
    return [origin_us + plan.session_offset_us(ordinal) for ordinal in range(plan.pulses)]


def _session(levels: "tuple[tuple[int, int], ...]", train_levels: int) -> Bench:
    bench = Bench().configured().charged().armed(levels, train_levels)
    origin_us = treat(bench, levels, train_levels)
    assert bench.pulse_times() == _planned(levels, train_levels, origin_us)
    assert [report.ordinal for report in bench.pulse_reports()] == [
        n + 1 for n in range(len(bench.hal.pulses))
    ]
    for result in bench.train_results():
        assert result.ended == ENDED_COMPLETE
        assert result.asked == result.emitted
    assert bench.state() == ARMED
    assert bench.ask(Discharge()).code == OK
    bench.run_to_state(STANDBY)
    ledger = bench.ask(ReadLedger())
    assert ledger.session_pulses == len(bench.hal.pulses)
    assert ledger.is_valid == 1
    return bench


_done: dict[str, int] = {}  # a session takes seconds on MicroPython: run each once


def itbs_transcript() -> int:
    """600 pulses of theta burst; crc32 of every byte the device sent."""
    if "itbs" not in _done:
        bench = _session(ITBS_600, 2)
        assert len(bench.hal.pulses) == 600
        assert bench.pulse_times()[-1] - bench.pulse_times()[0] == 191840000
        _done["itbs"] = bench.transcript
    return _done["itbs"]


def one_hz_transcript() -> int:
    """120 pulses at 1 Hz in one train; all 600 are in test_hosted_plan.py."""
    if "1 hz" not in _done:
        bench = _session(ONE_HZ_120, 1)
        assert bench.pulse_times()[-1] - bench.pulse_times()[0] == 119000000
        _done["1 hz"] = bench.transcript
    return _done["1 hz"]


TRANSCRIPTS = (itbs_transcript, one_hz_transcript)


def test_session_itbs_600_gives_every_pulse_at_its_time() -> None:
    itbs_transcript()


def test_session_one_hz_gives_every_pulse_at_its_time() -> None:
    one_hz_transcript()


def test_session_held_in_a_train_and_resumed_gives_exactly_the_rest() -> None:
    bench = Bench().configured().charged().armed(TEN_HZ_80, 1)
    start_us = bench.now_us + 500000
    assert bench.fire(0, 0, 40, start_us).code == OK
    bench.run_until(start_us + 1150000)
    assert bench.ask(Hold()).code == OK
    bench.run_ms(10)
    assert bench.state() == HOLD
    assert not bench.hal.gate_is_on()
    assert bench.train_results()[-1].ended == ENDED_HOLD
    given = len(bench.hal.pulses)
    assert given == 12
    bench.run_ms(3000)
    assert len(bench.hal.pulses) == given

    assert bench.ask(Charge(level_pct_mso=60)).code == OK
    bench.run_to_state(4)
    bench.armed(TEN_HZ_80, 1, delivered=given)
    rest_us = bench.now_us + 500000
    assert bench.fire(0, given, 40 - given, rest_us).code == OK
    bench.run_until(rest_us + 3000000)
    assert bench.pulse_times()[given] == rest_us
    assert bench.pulse_times()[-1] == rest_us + 27 * 100000
    second_us = rest_us - given * 100000 + 15000000
    bench.run_until(second_us - 500000)
    assert bench.fire(1, 0, 40, second_us).code == OK
    bench.run_until(second_us + 4000000)
    assert len(bench.hal.pulses) == 80
    # Never one more than prescribed.
    assert bench.fire(1, 0, 1, bench.now_us + 30000000).code != OK
    ledger = bench.ask(ReadLedger())
    assert (ledger.session_id, ledger.session_pulses) == (SESSION_A, 80)
    assert (ledger.train_index, ledger.train_next_pulse) == (1, 40)
