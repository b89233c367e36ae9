# The edge's side of the line for scenarios that run through the app's tasks: asks, beats, seals,
# and writes down everything the unit did: each byte it sent, each output it moved, each state, with
# MCU time. Two interpreters must write the same log. Virtual time in milliseconds; portable.
import asyncio
from binascii import hexlify

from firmware.compat import TYPE_CHECKING, sleep_ms
from firmware.tasks import Tasks
from firmware.wire.codes import OK, READY, STANDBY, STATE_NAMES
from firmware.wire.commands import Charge, Confirm, FireTrain, Heartbeat, Hello
from firmware.wire.framing import Decoder, encode
from firmware.wire.protocol import PROTOCOL_VERSION, decode
from firmware.wire.reports import Answer, Identity, PulseReport, Status, TrainResult
from firmware.wire.seal import seal
from tests.firmware.bench import SESSION_A, TEN_HZ_80, arm_of, configure_of
from tests.firmware.fake_board import FakeBoard
from tests.firmware.fake_hal import LINK_KEY, FakeHal

if TYPE_CHECKING:
    from typing import Any

    from firmware.wire.message import Message

BEAT_MS = 100
BEAT_AT_MS = 3  # of each period; nothing else is sent in that instant, see ask()
ANSWER_MS = 400  # [P] an Arm of 6000 pulses takes 60 turns
LEAD_US = 120000  # of a train's start; a beat period and the line


class LoggingHal(FakeHal):
    # Every output that the core moves, with its time.

    def __init__(self, ledger: bytes = b"") -> None:
        super().__init__(ledger)
        self.log: "list[str]" = []

    def note(self, text: str) -> None:
        self.log.append(f"{self.now_us} {text}")

    def arm_gate(self, life_us: int) -> None:
        self.note(f"arm_gate {life_us}")
        super().arm_gate(life_us)

    def feed_gate(self, life_us: int) -> None:
        self.note(f"feed_gate {life_us}")
        super().feed_gate(life_us)

    def drop_gate(self) -> None:
        self.note("drop_gate")
        super().drop_gate()

    def set_charger(self, target_mv: int) -> None:
        self.note(f"set_charger {target_mv}")
        super().set_charger(target_mv)

    def set_bleed(self, on: bool) -> None:
        self.note(f"set_bleed {int(on)}")
        super().set_bleed(on)

    def queue_pulse(self, at_us: int) -> bool:
        is_taken = super().queue_pulse(at_us)
        self.note(f"queue_pulse {at_us} {int(is_taken)}")
        return is_taken

    def cancel_pulses(self) -> int:
        kept = super().cancel_pulses()
        self.note(f"cancel_pulses {kept}")
        return kept

    def save_ledger(self, data: bytes) -> bool:
        self.note(f"save_ledger {hexlify(data).decode()}")
        return super().save_ledger(data)

    def restart(self) -> None:
        self.note("restart")
        super().restart()

    def stage_begin(self) -> bool:
        self.note("stage_begin")
        return super().stage_begin()

    def stage_finish(self, manifest: bytes) -> bool:
        self.note(f"stage_finish {len(manifest)}")
        return super().stage_finish(manifest)


class Chair:
    def __init__(self, hal: "LoggingHal | None" = None, board: "Any" = None) -> None:
        """On a fake board, or on this one."""
        self.hal = hal or LoggingHal()
        self.log = self.hal.log
        self.board = board or FakeBoard(self.hal)
        self.board.on_output = self._take
        self.reports: "list[Any]" = []
        self.numbers: "list[int]" = []
        self.identity: "Any" = None
        self.token = 0
        self.is_beating = True
        self.key = LINK_KEY
        self.counter = 0
        self.last_frame = b""
        self.refused: "list[int]" = []  # codes of every refusal
        self.latched: "list[int]" = []  # faults that a Status named
        self._seq = 0
        self._beat = 0
        self._state = -1
        self._decoder = Decoder()
        self._born_ms = self.now_us() // 1000
        self.tasks = Tasks(self.board)
        self._run = asyncio.create_task(self.tasks.run())
        self._beats = asyncio.create_task(self._beat_on())

    async def end(self) -> "list[str]":
        """Stop everything; the log."""
        await self._apart()
        self._beats.cancel()
        self._run.cancel()
        for task in (self._beats, self._run):
            try:
                await task
            except asyncio.CancelledError:
                pass
        return self.log

    # the line

    def _take(self, data: bytes) -> None:
        self.note(f"out {hexlify(data).decode()}")
        for kind, seq, payload in self._decoder.feed(data):
            message, code, _ = decode(kind, payload)
            assert code == OK
            self.reports.append(message)
            self.numbers.append(seq)
            if isinstance(message, Status) and message.fault not in self.latched:
                self.latched.append(message.fault)
            if isinstance(message, Answer) and message.code not in self.refused:
                self.refused.append(message.code)
        state = self.state()
        if state != self._state:
            self._state = state
            self.note(f"state {STATE_NAMES[state]}")

    def note(self, text: str) -> None:
        self.log.append(f"{self.board.noted_us()} {text}")

    async def _beat_on(self) -> None:
        await sleep_ms(BEAT_AT_MS)
        while True:
            if self.is_beating:
                self._beat += 1
                self.send(Heartbeat(beat=self._beat))
            await sleep_ms(BEAT_MS)

    def frame(self, command: "Message", seq: int, **forged: int) -> bytes:
        """The command as the edge would send it; forged fields of the seal by name."""
        payload = command.pack()
        if command.IS_SEALED:
            head = self.identity
            self.counter += 1
            payload = seal(
                self.key,
                forged.get("boot_epoch", head.boot_epoch),
                forged.get("challenge", head.challenge),
                forged.get("counter", self.counter),
                command.TYPE,
                seq,
                payload,
            )
        return encode(command.TYPE, seq, payload)

    def next_seq(self) -> int:
        self._seq = (self._seq + 1) & 0xFFFF
        return self._seq

    def send(self, command: "Message", **forged: int) -> int:
        seq = self.next_seq()
        self.last_frame = self.frame(command, seq, **forged)
        self.board.feed(self.last_frame)
        return seq

    async def ask(self, command: "Message", **forged: int) -> "Any":
        """The answer; None when there is none in time."""
        await self._apart()
        mark = len(self.reports)
        return await self.answer_to(self.send(command, **forged), mark)

    async def _apart(self) -> None:
        # Two frames in one instant come in one read or in two, as the event loop likes.
        if (self.now_us() // 1000 - self._born_ms) % BEAT_MS == BEAT_AT_MS:
            await sleep_ms(1)

    async def answer_to(self, seq: int, mark: int) -> "Any":
        for _ in range(ANSWER_MS):
            for index in range(mark, len(self.reports)):
                report = self.reports[index]
                is_own = isinstance(report, (PulseReport, TrainResult))
                if self.numbers[index] == seq and not is_own:
                    if not isinstance(report, Status) or report.echo_beat:
                        return report
            await sleep_ms(1)
        return None

    async def expect(self, code: int, command: "Message", **forged: int) -> "Any":
        """The command is answered by this code."""
        answer = await self.ask(command, **forged)
        assert answer is not None, f"no answer, wanted {code}"
        assert answer.TYPE == Answer.TYPE and answer.code == code, (code, answer.__dict__)
        return answer

    def state(self) -> int:
        return self.tasks.device.state()

    async def until(self, state: int, within_ms: int = 6000) -> None:
        for _ in range(within_ms):
            if self.state() == state:
                return
            await sleep_ms(1)
        raise AssertionError(f"state {STATE_NAMES[self.state()]}, not {STATE_NAMES[state]}")

    def now_us(self) -> int:
        return self.board.now_us()

    def of(self, kind: "type[Message]") -> "list[Any]":
        return [report for report in self.reports if isinstance(report, kind)]

    # the usual way

    async def hello(self) -> "Chair":
        await sleep_ms(2)
        identity = await self.ask(Hello(protocol=PROTOCOL_VERSION))
        assert isinstance(identity, Identity)
        self.identity = identity
        self.counter = 0
        return self

    async def booted(self) -> "Chair":
        await self.hello()
        await self.until(STANDBY, 60000)
        await sleep_ms(400)
        return self

    async def configured(self, **over: int) -> "Chair":
        await self.booted()
        await self.expect(OK, configure_of(**over))
        return self

    async def charged(self, level_pct: int = 60) -> "Chair":
        await self.configured()
        await self.expect(OK, Charge(level_pct_mso=level_pct))
        await self.until(READY)
        return self

    async def arm(
        self,
        levels: "tuple[tuple[int, int], ...]" = TEN_HZ_80,
        train_levels: int = 1,
        session: bytes = SESSION_A,
        delivered: int = 0,
    ) -> "Chair":
        echo = await self.ask(arm_of(levels, train_levels, 60, session, delivered))
        assert echo.TYPE == 0x84, echo.__dict__
        self.token = (await self.expect(OK, Confirm(token=echo.token))).detail
        return self

    async def armed(
        self, levels: "tuple[tuple[int, int], ...]" = TEN_HZ_80, train_levels: int = 1
    ) -> "Chair":
        await self.charged()
        return await self.arm(levels, train_levels)

    def fire_of(
        self,
        train_index: int = 0,
        first_pulse: int = 0,
        pulse_count: int = 40,
        lead_us: int = LEAD_US,
    ) -> FireTrain:
        return FireTrain(
            token=self.token,
            train_index=train_index,
            first_pulse=first_pulse,
            pulse_count=pulse_count,
            start_us=self.now_us() + lead_us,
        )

    async def fire(
        self, train_index: int = 0, first_pulse: int = 0, pulse_count: int = 40
    ) -> "Chair":
        answer = await self.expect(OK, self.fire_of(train_index, first_pulse, pulse_count))
        self.token = answer.detail
        return self

    async def in_train(self) -> "Chair":
        """A quarter of a second into a train of 10 Hz."""
        await (await self.armed()).fire()
        await sleep_ms(372)
        return self

    def is_safe(self) -> bool:
        hal = self.hal
        is_open = not hal.gate_is_on() and not hal.queue
        return is_open and hal.target_mv == 0 and hal.is_bleeding
