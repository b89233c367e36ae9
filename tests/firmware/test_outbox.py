# What leaves and in which order, and which command number is obeyed.
from firmware.core.outbox import FRAMES_MAX, RANK_ANSWER, RANK_RESULT, RANK_STATUS, Outbox
from firmware.core.sequence import ANSWERS_KEPT, NEW, OLD, REPEATED, Sequence, is_newer
from firmware.wire.framing import Decoder
from firmware.wire.reports import Answer
from tests.firmware.marks import control

pytestmark = control("bounded-queues")


def _answer(detail: int) -> Answer:
    return Answer(command=1, code=0, detail=detail)


def test_outbox_hands_out_everything_in_order_once() -> None:
    outbox = Outbox()
    for n in range(5):
        outbox.report(_answer(n), n % 3)
    assert outbox._ranks == [RANK_STATUS, RANK_ANSWER, RANK_RESULT, RANK_STATUS, RANK_ANSWER]
    frames = Decoder().feed(outbox.take())
    assert [seq for _, seq, _ in frames] == [1, 2, 3, 4, 5]
    assert outbox.take() == b""


def test_outbox_full_drops_the_oldest_status_first_then_answers_never_results() -> None:
    # Catches: a plain ring that loses pulse results.
    outbox = Outbox()
    for n in range(FRAMES_MAX):
        outbox.put(b"%d " % n, (RANK_RESULT, RANK_STATUS, RANK_ANSWER)[n % 3])
    outbox.put(b"a ", RANK_RESULT)
    data = outbox.take()
    assert b" 1 " not in data
    assert b" 2 " in data
    assert data.endswith(b"a ")

    for n in range(FRAMES_MAX):
        outbox.put(b"%d " % n, RANK_RESULT if n else RANK_ANSWER)
    outbox.put(b"b ", RANK_STATUS)
    assert not outbox.is_overrun
    outbox.put(b"c ", RANK_RESULT)
    outbox.put(b"d ", RANK_ANSWER)
    assert not outbox.is_overrun
    outbox.put(b"e ", RANK_RESULT)
    assert outbox.is_overrun
    data = outbox.take()
    assert data.startswith(b"1 ")
    assert data.endswith(b"c ")
    assert outbox.is_overrun is False


def test_outbox_number_wraps() -> None:
    outbox = Outbox()
    outbox._seq = 0xFFFF
    outbox.report(_answer(0), RANK_STATUS)
    assert Decoder().feed(outbox.take())[0][1] == 0


def test_number_newer_wraps_and_ends_at_half() -> None:
    assert is_newer(1, 0)
    assert is_newer(0, 0xFFFF)
    assert is_newer(0x7FFF, 0)
    assert not is_newer(0x8000, 0)
    assert not is_newer(5, 5)
    assert not is_newer(4, 5)


def test_sequence_obeys_each_number_once_and_keeps_the_last_answers() -> None:
    # Catches: executing a repeated frame twice.
    sequence = Sequence()
    sequence.restart(10)
    for seq in range(11, 20):
        assert sequence.judge(seq, b"do") == NEW
        sequence.take(seq, b"do")
        assert sequence.answer(seq) == b""
        sequence.keep(seq, b"%d" % seq)
    for seq in range(11, 20):
        expected = REPEATED if seq > 19 - ANSWERS_KEPT else OLD
        assert sequence.judge(seq, b"do") == expected
    assert sequence.answer(19) == b"19"
    assert sequence.answer(11) == b""
    assert sequence.last_command == 19


def test_sequence_number_with_other_bytes_is_no_repeat() -> None:
    # Catches: answering a changed command with the answer to the first.
    sequence = Sequence()
    sequence.take(1, b"charge 60")
    sequence.keep(1, b"ok")
    assert sequence.judge(1, b"charge 60") == REPEATED
    assert sequence.judge(1, b"charge 90") == OLD


def test_sequence_forgets_an_answer_to_what_it_never_took() -> None:
    sequence = Sequence()
    sequence.take(1, b"x")
    sequence.keep(2, b"answer")
    assert sequence.answer(1) == sequence.answer(2) == b""


def test_sequence_after_hello_starts_over() -> None:
    sequence = Sequence()
    sequence.take(500, b"x")
    sequence.keep(500, b"x")
    sequence.restart(3)
    assert sequence.judge(500, b"x") == NEW
    sequence.take(500, b"x")
    assert sequence.judge(4, b"x") == OLD


def test_sequence_after_hours_of_heartbeats_still_takes_the_next_command() -> None:
    # Catches: a unit that idles overnight and then takes every command for an old one.
    sequence = Sequence()
    sequence.restart(0)
    sequence.take(1, b"x")
    for beat in range(2, 70000, 7):
        sequence.see_beat(beat & 0xFFFF)
    sequence.see_beat(5)  # a very late one changes nothing
    assert sequence.judge(70000 & 0xFFFF, b"y") == NEW


def test_sequence_is_pulled_along_by_far_newer_heartbeats_only() -> None:
    # Catches: an old heartbeat, or a near one, that moves the window.
    for last, beat, expected in (
        (0x5000, 0x5001, 0x5000),
        (0x5000, 0x9000, 0x5000),
        (0x5000, 0x9001, 0x5001),
        (0x5000, 0x9005, 0x5005),
        (0x5000, 0xCFFF, 0x8FFF),
        (0x5000, 0xD000, 0x5000),
        (100, 50, 100),
        (0xFFF0, 0x3FF5, 0xFFF5),
        (0xFFF0, 0x4005, 0x0005),
    ):
        sequence = Sequence()
        sequence.restart(last)
        sequence.see_beat(beat)
        assert sequence.last_command == expected, (last, beat)


def test_sequence_heartbeats_do_not_make_a_waiting_command_old() -> None:
    sequence = Sequence()
    sequence.restart(0)
    for beat in range(2, 1000):
        sequence.see_beat(beat)
    assert sequence.judge(1, b"x") == NEW
