"""The line without I/O: numbering, repeats, three outcomes, the Stop that persists.

The other side is a hand-written controller of a few lines: frames in, frames out.
"""

from __future__ import annotations

import pytest

from edge.mcu.outcome import Done, Outcome, Refused, Uncertain
from edge.mcu.protocol import QUICK, STOP_REPEAT_S, WAITING_MAX, Head, LinkProtocol
from firmware.wire import codes
from firmware.wire.commands import Charge, FireTrain, Heartbeat, Hold, ReadLedger, Stop
from firmware.wire.framing import Decoder, encode
from firmware.wire.message import Message
from firmware.wire.reports import Answer, Ledger, Status, TrainResult

pytestmark = pytest.mark.control("command-numbers")

Frame = tuple[int, int, bytes]
KEY = bytes(range(32))
HEAD = Head(protocol=1, challenge=0xC0FFEE01, boot_epoch=7)


def frames(data: bytes) -> list[Frame]:
    return Decoder().feed(data)


def answer(frame: Frame, code: int = codes.OK, detail: int = 0) -> bytes:
    report = Answer(command=frame[0], code=code, detail=detail)
    return encode(report.TYPE, frame[1], report.pack())


def status(**changes: int) -> bytes:
    fields = dict.fromkeys(Status.FIELDS, 0)
    fields.update(changes)
    report = Status(**fields)
    return encode(report.TYPE, 0, report.pack())


def train_result(seq: int, index: int) -> bytes:
    fields = dict.fromkeys(TrainResult.FIELDS, 0)
    fields["train_index"] = index
    report = TrainResult(**fields)
    return encode(report.TYPE, seq, report.pack())


class Line:
    """A protocol, the outcomes it told, and the frames it sent since last asked."""

    def __init__(self, first_seq: int = 1) -> None:
        self.protocol = LinkProtocol(first_seq, KEY)
        self.protocol.head = HEAD
        self.outcomes: list[Outcome] = []
        self.now = 0.0

    def submit(self, command: Message) -> None:
        self.protocol.submit(self.now, command, self.outcomes.append)

    def sent(self) -> list[Frame]:
        return frames(self.protocol.take_output())

    def after(self, seconds: float) -> list[Frame]:
        self.now += seconds
        self.protocol.poll(self.now)
        return self.sent()

    def hear(self, data: bytes) -> list[Message]:
        return self.protocol.receive(self.now, data)


def fire() -> FireTrain:
    return FireTrain(token=7, train_index=0, first_pulse=0, pulse_count=3, start_us=5)


def test_command_answered_ok_is_done() -> None:
    line = Line()
    line.submit(Charge(level_pct_mso=50))
    (asked,) = line.sent()
    line.hear(answer(asked, detail=9))
    (outcome,) = line.outcomes
    assert isinstance(outcome, Done)
    assert isinstance(outcome.value, Answer)
    assert outcome.value.detail == 9


def test_command_refused_carries_name_and_detail() -> None:
    line = Line()
    line.submit(fire())
    (asked,) = line.sent()
    line.hear(answer(asked, codes.REJ_LATE, 20_000))
    assert line.outcomes == [Refused("late", 20_000)]


def test_command_refused_with_a_number_of_the_future_is_still_refused() -> None:
    line = Line()
    line.submit(Hold())
    (asked,) = line.sent()
    line.hear(answer(asked, 99))
    assert line.outcomes == [Refused("code_99", 0)]


def test_lost_answer_is_asked_for_again_under_the_same_number() -> None:
    """Catches: a new number for a repeat, which would act twice."""
    line = Line()
    line.submit(fire())
    (first,) = line.sent()
    (second,) = line.after(QUICK.retry_s)
    assert second == first
    line.hear(answer(second))
    assert len(line.outcomes) == 1
    assert line.after(1.0) == []


def test_command_never_answered_becomes_uncertain_and_the_next_goes_on() -> None:
    line = Line()
    line.submit(fire())
    line.submit(Hold())
    count = len(line.sent())
    for _ in range(QUICK.tries):
        count += len([f for f in line.after(QUICK.retry_s) if f[0] == FireTrain.TYPE])
    assert count == QUICK.tries
    assert line.outcomes == [Uncertain("no_answer")]
    assert line.after(QUICK.retry_s)[0][0] == Hold.TYPE


def test_late_and_doubled_answers_settle_nothing_else() -> None:
    line = Line()
    line.submit(Charge(level_pct_mso=50))
    line.submit(Charge(level_pct_mso=60))
    (first,) = line.sent()
    line.hear(answer(first) + answer(first))
    (second,) = line.sent()
    assert len(line.outcomes) == 1
    line.hear(answer(first, codes.REJ_STATE))
    assert len(line.outcomes) == 1
    line.hear(answer(second))
    assert len(line.outcomes) == 2


def test_answer_to_another_command_with_the_same_number_is_not_taken() -> None:
    line = Line()
    line.submit(Hold())
    (asked,) = line.sent()
    line.hear(answer((Charge.TYPE, asked[1], b"")))
    assert line.outcomes == []


def test_commands_wait_for_each_other_and_the_queue_is_bounded() -> None:
    line = Line()
    for _ in range(WAITING_MAX + 2):
        line.submit(Hold())
    assert len(line.sent()) == 1
    assert line.outcomes == [Refused("queue_full")]


def test_heartbeats_pass_a_waiting_command() -> None:
    line = Line()
    line.submit(fire())
    line.protocol.send(Heartbeat(beat=1))
    assert [frame[0] for frame in line.sent()] == [FireTrain.TYPE, Heartbeat.TYPE]


def test_stop_goes_out_at_once_and_clears_what_waited() -> None:
    line = Line()
    line.submit(fire())
    line.submit(Charge(level_pct_mso=50))
    line.sent()
    line.protocol.stop(line.now)
    assert [frame[0] for frame in line.sent()] == [Stop.TYPE]
    assert line.outcomes == [Uncertain("cut_by_stop"), Refused("stopped")]


def test_stop_is_repeated_until_its_own_answer() -> None:
    """Catches: taking an older Status that shows a safe state for the confirmation."""
    line = Line()
    line.protocol.stop(line.now)
    (stop,) = line.sent()
    line.hear(status(state=codes.STANDBY, echo_seq=stop[1] - 1))
    assert line.after(STOP_REPEAT_S) == [stop]
    line.hear(status(state=codes.TRAIN, echo_seq=stop[1]))
    assert line.after(STOP_REPEAT_S) == [stop]
    line.hear(answer(stop))
    assert not line.protocol.is_stopping
    assert line.after(1.0) == []


def test_stop_is_confirmed_by_a_status_younger_than_itself() -> None:
    line = Line()
    line.protocol.stop(line.now)
    (stop,) = line.sent()
    line.hear(status(state=codes.DISCHARGING, echo_seq=stop[1]))
    assert not line.protocol.is_stopping


def test_nothing_that_raises_risk_is_sent_while_a_stop_is_open() -> None:
    line = Line()
    line.protocol.stop(line.now)
    line.sent()
    line.submit(fire())
    line.submit(Charge(level_pct_mso=50))
    assert line.outcomes == [Refused("stopped"), Refused("stopped")]
    line.submit(ReadLedger())
    assert [frame[0] for frame in line.sent()] == [ReadLedger.TYPE]


def test_ledger_report_settles_read_ledger() -> None:
    line = Line()
    line.submit(ReadLedger())
    (asked,) = line.sent()
    report = Ledger(
        session_id=bytes(16), session_pulses=3, train_index=0, train_next_pulse=3,
        lifetime_pulses=3, is_valid=1,
    )  # fmt: skip
    line.hear(encode(report.TYPE, asked[1], report.pack()))
    assert isinstance(line.outcomes[0], Done)


def test_noise_and_foreign_frames_are_counted_and_harmless() -> None:
    line = Line()
    line.submit(Hold())
    (asked,) = line.sent()
    unknown = encode(0xEE, asked[1], b"x")
    command = encode(Hold.TYPE, asked[1], b"")  # our own echo
    short = encode(Status.TYPE, 0, b"too short")
    assert line.hear(b"\xff\xfe\x00" + unknown + command + short) == []
    assert line.protocol.bad_frames == 4
    assert line.outcomes == []
    line.hear(answer(asked))
    assert len(line.outcomes) == 1


def test_doubled_train_result_frame_is_heard_once() -> None:
    """Catches: booking a doubled result for a later train of the same place."""
    line = Line()
    assert len(line.hear(train_result(5, 0) + train_result(5, 0))) == 1
    assert len(line.hear(train_result(6, 0))) == 1


def test_numbers_wrap_at_16_bits() -> None:
    line = Line(first_seq=0xFFFF)
    assert line.protocol.send(Heartbeat(beat=1)) == 0xFFFF
    assert line.protocol.send(Heartbeat(beat=2)) == 0


def test_lost_line_leaves_the_sent_uncertain_and_the_unsent_refused() -> None:
    line = Line()
    line.submit(fire())
    line.submit(Hold())
    line.protocol.fail("link_lost")
    assert line.outcomes == [Uncertain("link_lost"), Refused("link_down")]
    assert line.protocol.poll(1.0) is None
