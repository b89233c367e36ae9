# The app's tasks on a fake board, in virtual time, on both interpreters: they start, answer, follow
# their inputs, keep their periods; whatever fails closes the outputs first and ends all; a task
# that falls silent ends the feeding of gate and watchdog. test_hosted_tasks.py has CPython's loop.
import asyncio

from firmware.compat import TYPE_CHECKING, sleep_ms
from firmware.roll_call import EVERYBODY, RollCall
from firmware.tasks import (
    CHARGER,
    DEADLINES_US,
    HOUSE,
    INPUTS,
    LINE,
    PACE,
    SENSORS,
    SUPERVISOR,
    TASK_NAMES,
    TaskEndedError,
    TaskLateError,
    Tasks,
    close_outputs,
)
from firmware.wire.codes import IN_DOOR, INPUTS_ALL, STANDBY
from firmware.wire.commands import Heartbeat, Hello
from firmware.wire.framing import Decoder, encode
from firmware.wire.protocol import PROTOCOL_VERSION, decode
from firmware.wire.reports import Identity, Status
from tests.firmware.fake_board import FakeBoard
from tests.firmware.marks import control

if TYPE_CHECKING:
    from typing import Any

pytestmark = control("chip-watchdog")

FAILING_CALLS = (
    "read_line",
    "write_line",
    "work_line",
    "read_inputs",
    "sample_sensors",
    "step_charger",
    "keep_house",
    "feed_watchdog",
)


class _Rig:
    def __init__(self) -> None:
        self.board = FakeBoard()
        self.board.on_output = self._take
        self.tasks = Tasks(self.board)
        self.reports: "list[Any]" = []
        self._decoder = Decoder()
        self._run = asyncio.create_task(self.tasks.run())

    def _take(self, data: bytes) -> None:
        for kind, _, payload in self._decoder.feed(data):
            self.reports.append(decode(kind, payload)[0])

    def last_status(self) -> "Any":
        return [report for report in self.reports if isinstance(report, Status)][-1]

    def energise(self) -> None:
        """As if in the middle of a treatment, whatever the core thinks."""
        hal = self.board.hal
        hal.gate_until_us = self.board.now_us() + 60000000
        hal.target_mv = 1000000
        hal.is_bleeding = False
        hal.queue = [self.board.now_us() + 5000000]

    def is_safe(self) -> bool:
        hal = self.board.hal
        return not hal.gate_is_on() and (hal.queue, hal.target_mv, hal.is_bleeding) == ([], 0, True)

    async def stop(self) -> "BaseException | None":
        """What run() raised."""
        self._run.cancel()
        try:
            await self._run
        except asyncio.CancelledError:
            return None
        except Exception as error:  # noqa: BLE001 - whatever it was
            return error
        raise AssertionError("run() returned")


async def scenario_tasks_start_answer_and_follow_inputs() -> None:
    rig = _Rig()
    board = rig.board
    await sleep_ms(300)
    board.feed(encode(Hello.TYPE, 1, Hello(protocol=PROTOCOL_VERSION).pack()))
    await sleep_ms(2)
    assert isinstance(rig.reports[-1], Identity)
    board.feed(encode(Heartbeat.TYPE, 2, Heartbeat(beat=9).pack()))
    await sleep_ms(2)
    assert (rig.last_status().echo_beat, rig.last_status().state) == (9, STANDBY)
    board.set_inputs(INPUTS_ALL & ~IN_DOOR)
    await sleep_ms(25)
    assert rig.last_status().inputs == INPUTS_ALL & ~IN_DOOR
    assert await rig.stop() is None
    assert rig.is_safe()


async def scenario_tasks_keep_their_periods() -> None:
    rig = _Rig()
    board = rig.board
    await sleep_ms(1000)
    counts = (board.samples, board.charger_steps, len(board.watchdog_us), board.input_reads)
    await sleep_ms(1000)
    assert 39 <= board.samples - counts[0] <= 41
    assert 95 <= board.charger_steps - counts[1] <= 101
    assert 19 <= len(board.watchdog_us) - counts[2] <= 21
    assert (
        40 <= board.input_reads - counts[3] <= 62
    )  # each 25 ms, and when called by the supervisor
    assert 7 <= len(board.house_states) <= 9
    await sleep_ms(4000)
    assert 5 <= len(board.collections) <= 6
    await rig.stop()


async def scenario_failure_of_any_task_closes_outputs_and_ends_all() -> None:
    for name in FAILING_CALLS:
        rig = _Rig()
        await sleep_ms(60)
        if name != "keep_house":  # nobody keeps house with the gate on
            rig.energise()
        rig.board.error_next = name
        rig.board.feed(encode(Heartbeat.TYPE, 2, Heartbeat(beat=9).pack()))
        await sleep_ms(260)
        assert isinstance(rig.tasks.reason, ValueError), name
        assert rig.is_safe(), name
        fed = len(rig.board.watchdog_us)
        await sleep_ms(120)
        assert len(rig.board.watchdog_us) == fed, name  # nothing goes on half alive
        assert isinstance(await rig.stop(), ValueError), name


async def scenario_failure_in_a_task_nobody_awaits_closes_outputs_and_ends_all() -> None:
    rig = _Rig()
    await sleep_ms(50)
    rig.energise()
    asyncio.create_task(_fails())  # noqa: RUF006 - lost on purpose
    await sleep_ms(5)
    assert isinstance(rig.tasks.reason, ValueError)
    assert rig.is_safe()
    assert isinstance(await rig.stop(), ValueError)


async def scenario_silent_task_ends_the_feeding_of_gate_and_watchdog() -> None:
    rig = _Rig()
    board = rig.board
    await sleep_ms(100)
    rig.energise()
    silent_us = board.now_us()
    board.sample_sensors = _never  # type: ignore[method-assign]
    fed = len(board.watchdog_us)
    await sleep_ms(500)
    assert isinstance(rig.tasks.reason, TaskLateError)
    assert rig.tasks.reason.args == ("sensors",)
    assert rig.is_safe()
    assert board.watchdog_us[-1] - silent_us <= DEADLINES_US[SENSORS]
    assert len(board.watchdog_us) - fed <= 6
    assert isinstance(await rig.stop(), TaskLateError)


async def scenario_failure_closes_outputs_before_anybody_else_runs() -> None:
    rig = _Rig()
    await sleep_ms(50)
    rig.energise()
    rig.tasks.fail(ValueError("now"))
    assert rig.is_safe()
    for entry in (rig.tasks.poll, rig.tasks.take_line, rig.tasks.take_inputs):
        try:
            entry()
        except TaskEndedError:
            continue
        raise AssertionError("the core is still being driven")
    await sleep_ms(1)
    assert isinstance(await rig.stop(), ValueError)


async def _fails() -> None:
    await sleep_ms(1)
    raise ValueError("lost")


def _never() -> int:
    # A task that hangs without blocking the others: it ends itself, and nobody hears of it.
    raise asyncio.CancelledError


async def scenario_stall_of_flash_is_forgiven_only_with_the_gate_open() -> None:
    for is_gate_on in (False, True):
        rig = _Rig()
        await sleep_ms(100)
        if is_gate_on:
            rig.energise()
        now_us = rig.board.now_us()
        rig.tasks._forgive_stall(now_us - 400000)
        late = rig.tasks.roll.late(now_us + 300000)
        assert (late == EVERYBODY) is not is_gate_on
        await rig.stop()


SCENARIOS = (
    scenario_tasks_start_answer_and_follow_inputs,
    scenario_tasks_keep_their_periods,
    scenario_failure_of_any_task_closes_outputs_and_ends_all,
    scenario_failure_in_a_task_nobody_awaits_closes_outputs_and_ends_all,
    scenario_failure_closes_outputs_before_anybody_else_runs,
    scenario_silent_task_ends_the_feeding_of_gate_and_watchdog,
    scenario_stall_of_flash_is_forgiven_only_with_the_gate_open,
)


def test_roll_names_the_first_who_is_late() -> None:
    roll = RollCall((100, 200, 300), 1000)
    assert roll.late(1099) == EVERYBODY
    assert roll.late(1100) == 0
    roll.tick(0, 1150)
    assert roll.late(1199) == EVERYBODY
    assert roll.late(1200) == 1
    roll.forgive(500)
    assert roll.late(1699) == EVERYBODY
    assert roll.late(1700) == 1


def test_every_task_has_a_name_and_a_deadline() -> None:
    roll = (LINE, INPUTS, PACE, SENSORS, CHARGER, HOUSE, SUPERVISOR)
    assert roll == tuple(range(len(TASK_NAMES)))
    assert len(DEADLINES_US) == len(TASK_NAMES)


class _Noting:
    def __init__(self, failing: "tuple[str, ...]" = ()) -> None:
        self.calls: "list[str]" = []
        self.failing = failing

    def __getattr__(self, name: str) -> "Any":
        def note(*_: object) -> None:
            self.calls.append(name)
            if name in self.failing:
                raise OSError(name)

        return note


ORDER = ["drop_gate", "cancel_pulses", "set_charger", "set_bleed"]


def test_outputs_are_closed_gate_first() -> None:
    hal = _Noting()
    close_outputs(hal)
    assert hal.calls == ORDER


def test_output_that_fails_does_not_spare_the_rest() -> None:
    for name in ORDER:
        hal = _Noting((name,))
        try:
            close_outputs(hal)
        except OSError:
            pass
        assert hal.calls == ORDER
