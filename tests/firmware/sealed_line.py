# A hand on the line for the tests of the seal: puts frames before a device of the bench and holds
# that what was refused has changed nothing at all. Records every output call of the HAL. Portable.
from firmware.compat import TYPE_CHECKING
from firmware.wire.framing import Decoder, encode
from firmware.wire.protocol import decode
from firmware.wire.reports import Answer
from firmware.wire.seal import seal
from tests.firmware.bench import Bench
from tests.firmware.fake_hal import FakeHal

if TYPE_CHECKING:
    from typing import Any

    from firmware.wire.message import Message


class WatchedHal(FakeHal):
    # outputs: every call that could move an output or the flash, in order. risks: the part of them
    # that charges, enables or fires.

    def __init__(self, ledger: bytes = b"") -> None:
        super().__init__(ledger)
        self.outputs: list[str] = []
        self.risks: list[str] = []
        self.boot_epoch = 7

    def identity(self) -> "tuple[bytes, int, int, int, int, bytes, int, int, int]":
        found = super().identity()
        return (found[0], self.boot_epoch) + found[2:]

    def set_charger(self, target_mv: int) -> None:
        self._note("set_charger", target_mv > 0)
        super().set_charger(target_mv)

    def set_bleed(self, on: bool) -> None:
        self._note("set_bleed", False)
        super().set_bleed(on)

    def arm_gate(self, life_us: int) -> None:
        self._note("arm_gate", True)
        super().arm_gate(life_us)

    def drop_gate(self) -> None:
        self._note("drop_gate", False)
        super().drop_gate()

    def queue_pulse(self, at_us: int) -> bool:
        self._note("queue_pulse", True)
        return super().queue_pulse(at_us)

    def cancel_pulses(self) -> int:
        self._note("cancel_pulses", False)
        return super().cancel_pulses()

    def save_ledger(self, data: bytes) -> bool:
        self._note("save_ledger", False)
        return super().save_ledger(data)

    def stage_begin(self) -> bool:
        self._note("stage_begin", False)
        return super().stage_begin()

    def _note(self, name: str, is_risk: bool) -> None:
        self.outputs.append(name)
        if is_risk:
            self.risks.append(name)


def watched() -> "tuple[Bench, WatchedHal]":
    """A device in STANDBY, configured, that has obeyed sealed commands."""
    hal = WatchedHal()
    return Bench(hal).configured(), hal


def facts(bench: Bench) -> "tuple[Any, ...]":
    """Everything that a refused command must leave as it was."""
    unit = bench.device._unit
    dispatcher = bench.device._dispatcher
    return (
        unit.machine.state,
        list(unit.machine.faults),
        unit.settings.settings_hash,
        unit.settings.level_pct_max,
        unit.power.level_pct,
        unit.arming.token(bench.now_us),
        unit.arming.is_busy(),
        unit.pulser.is_active,
        unit.staging.is_busy,
        dispatcher.sequence.last_command,
        dispatcher.authority.challenge,
        dispatcher.authority._counter,
    )


def counts(bench: Bench) -> "tuple[int, int]":
    """(refused, forged) as the next Status will tell them."""
    authority = bench.device._dispatcher.authority
    return authority.refused, authority.forged


def put(bench: Bench, kind: int, seq: int, payload: bytes) -> "list[Any]":
    """Put one frame before the device without a poll: what it answers."""
    bench.device.on_bytes(bench.now_us, encode(kind, seq, payload))
    frames = Decoder().feed(bench.device.take_output())
    return [decode(kind, payload)[0] for kind, _, payload in frames]


def code_of(bench: Bench, kind: int, seq: int, payload: bytes) -> int:
    """Put one frame before the device: the code of its answer."""
    return [a.code for a in put(bench, kind, seq, payload) if isinstance(a, Answer)][-1]


def refusal(bench: Bench, kind: int, seq: int, payload: bytes) -> "tuple[int, int]":
    """(code, detail) of a frame that must change nothing but the two counts."""
    hal = bench.hal
    assert isinstance(hal, WatchedHal)
    before = facts(bench)
    hal.outputs = []
    refused, forged = counts(bench)
    answers = put(bench, kind, seq, payload)
    assert facts(bench) == before
    assert hal.outputs == []
    assert len(answers) == 1
    assert isinstance(answers[0], Answer)
    assert answers[0].command == kind
    assert counts(bench) == (refused + 1, forged + (1 if answers[0].code in (20, 21, 22) else 0))
    return answers[0].code, answers[0].detail


def sealed(
    bench: Bench, command: "Message", seq: int, counter: int, challenge: int = -1, epoch: int = -1
) -> bytes:
    """The sealed payload of a command as a holder of the key makes it."""
    return seal(
        bench.hal.link_key,
        bench.boot_epoch if epoch < 0 else epoch,
        bench.challenge if challenge < 0 else challenge,
        counter,
        command.TYPE,
        seq,
        command.pack(),
    )


def flipped(data: bytes, bit: int) -> bytes:
    """One bit the other way."""
    out = bytearray(data)
    out[bit // 8] ^= 1 << (bit % 8)
    return bytes(out)
