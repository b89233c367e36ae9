"""Seals of the line without I/O: what they cover, what a repeat is, whose challenge counts."""

from __future__ import annotations

import pytest

from edge.mcu.outcome import Done, Outcome, Refused, Uncertain, is_seal_refused
from edge.mcu.protocol import QUICK, Head, LinkProtocol
from firmware.wire import codes
from firmware.wire.commands import (
    COMMANDS,
    Charge,
    FireTrain,
    Heartbeat,
    Hello,
    Hold,
    UpdateBegin,
)
from firmware.wire.framing import Decoder, encode
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Answer, Identity
from firmware.wire.seal import seal, unseal

pytestmark = pytest.mark.control("command-seal")

KEY = bytes(range(32))
CHARGE = Charge(level_pct_mso=50)


def identity(**changes: int | bytes) -> bytes:
    """The payload of an introduction."""
    fields: dict[str, int | bytes] = {}
    for name, size, high in Identity.layout()[2]:
        fields[name] = bytes(size) if high == -1 else 0
    fields |= {"protocol": PROTOCOL_VERSION, "challenge": 77, "boot_epoch": 3}
    return Identity(**(fields | changes)).pack()


class Line:
    """A protocol whose outcomes and frames are kept."""

    def __init__(self, key: bytes = KEY) -> None:
        self.protocol = LinkProtocol(100, key)
        self.outcomes: list[Outcome] = []

    def submit(self, command: Message, now: float = 0.0) -> list[tuple[int, int, bytes]]:
        self.protocol.submit(now, command, self.outcomes.append)
        return self.sent()

    def sent(self) -> list[tuple[int, int, bytes]]:
        return Decoder().feed(self.protocol.take_output())

    def greet(self, **changes: int | bytes) -> None:
        (hello,) = self.submit(Hello(protocol=PROTOCOL_VERSION))
        self.protocol.receive(0.0, encode(Identity.TYPE, hello[1], identity(**changes)))

    def answer(self, frame: tuple[int, int, bytes], code: int) -> None:
        report = Answer(command=frame[0], code=code, detail=0)
        self.protocol.receive(0.0, encode(report.TYPE, frame[1], report.pack()))


def test_sealed_command_carries_the_seal_of_the_last_greeting() -> None:
    line = Line()
    line.greet(challenge=77, boot_epoch=3)
    ((kind, seq, payload),) = line.submit(CHARGE)
    assert payload == seal(KEY, 3, 77, 1, kind, seq, CHARGE.pack())


def test_only_what_raises_risk_is_sealed() -> None:
    """Catches: a STOP that would need a key."""
    sealed = {message.__name__ for message in COMMANDS if message.IS_SEALED}
    free = {message.__name__ for message in COMMANDS} - sealed
    assert free == {"Hello", "Heartbeat", "Discharge", "Hold", "Stop", "ReadLedger"}
    line = Line(key=b"")
    assert line.submit(Hold())[0][2] == b""
    line.protocol.stop(0.0)
    line.protocol.send(Heartbeat(beat=1))
    assert len(line.sent()) == 2


def test_repeat_has_the_same_bytes_and_the_next_command_the_next_counter() -> None:
    """Catches: a repeat with a new counter, which the controller takes for a forgery."""
    line = Line()
    line.greet()
    (first,) = line.submit(CHARGE)
    line.protocol.poll(QUICK.retry_s)
    assert line.sent() == [first]
    line.answer(first, codes.OK)
    (second,) = line.submit(CHARGE, 1.0)
    assert unseal(first[2])[2] + 1 == unseal(second[2])[2]


def test_counter_goes_on_over_a_second_greeting() -> None:
    line = Line()
    line.greet(challenge=77)
    (first,) = line.submit(CHARGE)
    line.answer(first, codes.OK)
    line.greet(challenge=78)
    (second,) = line.submit(CHARGE)
    assert second[2] == seal(KEY, 3, 78, 2, second[0], second[1], CHARGE.pack())


def test_without_key_or_greeting_nothing_is_sent_that_needs_a_seal() -> None:
    keyless, ungreeted = Line(key=b""), Line()
    keyless.greet()
    assert keyless.submit(CHARGE) == []
    assert ungreeted.submit(CHARGE) == []
    assert keyless.outcomes[-1] == Refused("no_key")
    assert ungreeted.outcomes == [Refused("link_down")]
    assert len(keyless.submit(Hold())) == 1


def test_introduction_that_answers_no_hello_of_ours_changes_no_challenge() -> None:
    """Catches: sealing for a challenge that the controller has replaced already."""
    line = Line()
    line.greet(challenge=77)
    for seq in (99, 100, 101):
        line.protocol.receive(0.0, encode(Identity.TYPE, seq, identity(challenge=5)))
    assert line.protocol.head == Head(PROTOCOL_VERSION, 77, 3)
    (hello,) = line.submit(Hello(protocol=PROTOCOL_VERSION))
    line.protocol.receive(0.0, encode(Identity.TYPE, hello[1] - 1, identity(challenge=5)))
    assert line.protocol.head.challenge == 77
    assert len(line.outcomes) == 1


def test_controller_of_another_version_is_greeted_once_and_can_be_updated() -> None:
    line = Line()
    (hello,) = line.submit(Hello(protocol=PROTOCOL_VERSION))
    foreign = identity(protocol=0x1234, challenge=9, boot_epoch=8) + b"more than we know"
    line.protocol.receive(0.0, encode(Identity.TYPE, hello[1], foreign))
    assert line.outcomes == [Refused("version", 0x1234)]
    assert line.protocol.foreign_identities == 1
    ((kind, seq, payload),) = line.submit(UpdateBegin())
    assert payload == seal(KEY, 8, 9, 1, kind, seq, b"")


def test_introduction_too_short_for_its_head_is_foreign_and_seals_nothing() -> None:
    line = Line()
    (hello,) = line.submit(Hello(protocol=PROTOCOL_VERSION))
    line.protocol.receive(0.0, encode(Identity.TYPE, hello[1], b"\1\2\3"))
    assert line.outcomes == [Refused("version", 0)]
    assert line.submit(UpdateBegin()) == []


@pytest.mark.parametrize("code", [codes.REJ_MAC, codes.REJ_EPOCH, codes.REJ_SEQUENCE])
def test_refused_seal_of_a_risk_is_uncertain(code: int) -> None:
    """Catches: 'certainly nothing happened' after the first copy was obeyed, its answer lost, and
    the challenge changed before the repeat."""
    line = Line()
    line.greet()
    fire = FireTrain(token=7, train_index=0, first_pulse=0, pulse_count=3, start_us=5)
    (frame,) = line.submit(fire)
    line.answer(frame, code)
    assert line.outcomes[-1] == Uncertain("seal_refused")
    assert is_seal_refused(line.outcomes[-1])


def test_refusals_about_the_command_are_not_about_the_seal() -> None:
    assert is_seal_refused(Refused("mac"))
    assert not is_seal_refused(Refused("late"))
    assert not is_seal_refused(Uncertain("no_answer"))
    assert not is_seal_refused(Done(CHARGE))


def test_after_a_reboot_nothing_is_sealed_for_the_boot_before() -> None:
    line = Line()
    line.greet()
    line.protocol.fail("rebooted")
    assert line.submit(CHARGE) == []
    assert line.outcomes[-1] == Refused("link_down")
