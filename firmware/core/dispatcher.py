# From decoded frame to handler to answer: version, seal and sequence rules, judgement by the
# envelope, then the unit acts. Stop and identification come before all rules. Nothing that arrives
# raises. MCU time.
from firmware.compat import TYPE_CHECKING
from firmware.core.authority import Authority
from firmware.core.envelope import judge_command
from firmware.core.outbox import RANK_ANSWER, Outbox
from firmware.core.sequence import NEW, REPEATED, Sequence, is_newer
from firmware.core.snapshot import identity_of, ledger_of, situation_of, status_of
from firmware.core.unit import Unit
from firmware.wire.codes import OK, REJ_INTERLOCK, REJ_LENGTH, REJ_SEQUENCE, REJ_VERSION
from firmware.wire.commands import (
    PROVE_SURFACE,
    PROVE_WATCHDOG,
    UPDATES,
    Arm,
    Charge,
    ClearFault,
    Configure,
    Confirm,
    Discharge,
    FireTrain,
    Heartbeat,
    Hello,
    Hold,
    Prove,
    ReadLedger,
    Stop,
)
from firmware.wire.framing import Decoder, encode
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION, REPORT_TYPE_MIN, decode, message_class
from firmware.wire.reports import Answer, Status
from firmware.wire.seal import SEAL_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable


class Dispatcher:
    # foreign_frames: sound frames that are no command at all, such as our own echo on the line.

    def __init__(self, unit: Unit, outbox: Outbox, decoder: Decoder) -> None:
        self.foreign_frames = 0
        self.sequence = Sequence()
        self.authority = Authority(unit.hal, unit.boot_epoch)
        self._unit = unit
        self._outbox = outbox
        self._decoder = decoder
        self._is_identified = False  # Hello with our protocol version since boot
        self._hello_seq = -1  # number of the last Hello, of any version
        self._arm_seq = 0

    def take(self, now_us: int, kind: int, seq: int, payload: bytes) -> None:
        """Obey or refuse one frame."""
        if kind == Stop.TYPE:
            self._take_stop(now_us, seq)
            return
        if kind >= REPORT_TYPE_MIN:
            self.foreign_frames += 1
            return
        message, code, detail = decode_command(kind, payload)
        if message is None:
            self._refuse(seq, kind, code, detail)
        elif kind == Heartbeat.TYPE:
            self._take_beat(now_us, seq, message)
        elif kind == Hello.TYPE:
            self._take_hello(seq, message)
        elif kind == ReadLedger.TYPE:
            self._reply(seq, ledger_of(self._unit))
        elif not self._is_identified and message.__class__ not in UPDATES:
            self._refuse(seq, kind, REJ_VERSION, PROTOCOL_VERSION)
        else:
            self._take_numbered(now_us, seq, message, payload)

    def status(self, now_us: int, beat: int) -> Status:
        """The whole state now; beat 0 when nobody asked."""
        return status_of(
            self._unit,
            now_us,
            beat,
            self.sequence.last_command,
            self._decoder.bad_frames,
            self.authority,
        )

    def _reply(self, seq: int, message: Message) -> bytes:
        frame = encode(message.TYPE, seq, message.pack())
        self._outbox.put(frame, RANK_ANSWER)
        return frame

    def _refuse(self, seq: int, kind: int, code: int, detail: int) -> None:
        self.authority.count(code)
        self._reply(seq, Answer(command=kind, code=code, detail=detail))

    def _take_stop(self, now_us: int, seq: int) -> None:
        # Whatever its number, length or version. A newer number bars commands sent before it.
        self._unit.stop(now_us)
        if is_newer(seq, self.sequence.last_command):
            self.sequence.last_command = seq
        self._reply(seq, Answer(command=Stop.TYPE, code=OK, detail=0))

    def _take_hello(self, seq: int, command: Message) -> None:
        assert isinstance(command, Hello)
        self._is_identified = command.protocol == PROTOCOL_VERSION
        self._unit.beats.restart()
        self._unit.staging.drop()
        # A Hello asked again because its answer was lost gets the same challenge, or the edge would
        # seal for the first while the second is in force. A challenge that has been used is not
        # given again.
        is_repeat = seq == self._hello_seq and seq == self.sequence.last_command
        if not is_repeat or not self.authority.is_unused():
            self.authority.greet()
            self.sequence.restart(seq)
            self._hello_seq = seq
        self._reply(seq, identity_of(self._unit, self.authority.challenge))

    def _take_beat(self, now_us: int, seq: int, command: Message) -> None:
        assert isinstance(command, Heartbeat)
        if self._is_identified:
            self._unit.beats.hear(now_us, command.beat)
        self.sequence.see_beat(seq)
        self._reply(seq, self.status(now_us, command.beat))

    def _take_numbered(self, now_us: int, seq: int, command: Message, payload: bytes) -> None:
        # A seal is judged before anything is looked up: who has no key learns no kept answer.
        kind = command.TYPE
        if command.IS_SEALED:
            code = self.authority.judge(kind, seq, payload)
            if code != OK:
                self._refuse(seq, kind, code, 0)
                return
        told = bytes((kind,)) + payload
        verdict = self.sequence.judge(seq, told)
        if verdict == REPEATED:
            answer = self.sequence.answer(seq)
            if answer:  # an Arm in work has none yet; its echo follows
                self._outbox.put(answer, RANK_ANSWER)
            return
        if verdict != NEW or (command.IS_SEALED and not self.authority.is_newer(payload)):
            self._refuse(seq, kind, REJ_SEQUENCE, self.sequence.last_command)
            return
        if command.IS_SEALED:
            self.authority.accept(payload)
        self.sequence.take(seq, told)
        self._obey(now_us, seq, command)

    def _obey(self, now_us: int, seq: int, command: Message) -> None:
        situation = situation_of(self._unit, now_us, self._is_identified)
        code, detail = judge_command(command, situation)
        if code == OK:
            if isinstance(command, Arm):
                self._arm_seq = seq
                self._unit.begin_arm(command)
                return  # the echo follows, see send_arm_reply
            code, detail = _ACTIONS[command.TYPE](self._unit, command, now_us)
        self.authority.count(code)
        self.send_arm_reply()
        answer = Answer(command=command.TYPE, code=code, detail=detail)
        self.sequence.keep(seq, self._reply(seq, answer))

    def send_arm_reply(self) -> None:
        """Answer the Arm in work as soon as there is something to say."""
        reply = self._unit.arming.take_reply()
        if reply is not None:
            if isinstance(reply, Answer):
                self.authority.count(reply.code)
            self.sequence.keep(self._arm_seq, self._reply(self._arm_seq, reply))


def decode_command(kind: int, payload: bytes) -> "tuple[Message | None, int, int]":
    """As decode(), with a seal's bytes behind the payload where one belongs; it is not judged."""
    found = message_class(kind)
    if found is None or not found.IS_SEALED:
        return decode(kind, payload)
    size = found.size()
    if len(payload) != size + SEAL_BYTES:
        return None, REJ_LENGTH, size + SEAL_BYTES
    return found.unpack(payload[:size]), OK, 0


# Actions of accepted commands. Each returns the code and detail of its answer.


def _configure(unit: Unit, command: Configure, now_us: int) -> "tuple[int, int]":
    del now_us
    unit.configure(command)
    return OK, 0


def _charge(unit: Unit, command: Charge, now_us: int) -> "tuple[int, int]":
    unit.charge(command.level_pct_mso, now_us)
    return OK, 0


def _discharge(unit: Unit, command: Discharge, now_us: int) -> "tuple[int, int]":
    del command
    unit.discharge(now_us)
    return OK, 0


def _confirm(unit: Unit, command: Confirm, now_us: int) -> "tuple[int, int]":
    del command
    if not unit.confirm(now_us):
        return REJ_INTERLOCK, 0  # the hardware chain is open where no input shows it
    return OK, unit.arming.token(now_us)


def _fire(unit: Unit, command: FireTrain, now_us: int) -> "tuple[int, int]":
    unit.fire(command, now_us)
    return OK, unit.arming.token(now_us)


def _hold(unit: Unit, command: Hold, now_us: int) -> "tuple[int, int]":
    del command
    unit.hold(now_us)
    return OK, 0


def _clear(unit: Unit, command: ClearFault, now_us: int) -> "tuple[int, int]":
    unit.clear(command.fault, now_us)
    return OK, 0


def _prove(unit: Unit, command: Prove, now_us: int) -> "tuple[int, int]":
    if command.part == PROVE_WATCHDOG:
        unit.hunger.begin(now_us)
    else:
        heat = unit.heat
        heat.prove(heat.surface if command.part == PROVE_SURFACE else heat.winding)
    return OK, 0


def _update(unit: Unit, command: Message, now_us: int) -> "tuple[int, int]":
    return unit.staging.take(command, now_us)


_ACTIONS: "dict[int, Callable[..., tuple[int, int]]]" = {
    Configure.TYPE: _configure,
    Charge.TYPE: _charge,
    Discharge.TYPE: _discharge,
    Confirm.TYPE: _confirm,
    FireTrain.TYPE: _fire,
    Hold.TYPE: _hold,
    ClearFault.TYPE: _clear,
    Prove.TYPE: _prove,
}
for _message in UPDATES:
    _ACTIONS[_message.TYPE] = _update
