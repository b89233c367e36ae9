"""Plays one plan: chaos, in which only safety counts, then healing, in which all comes to rest.

In the chaos a person goes on while the plan's faults strike at their moments. Then everything is
mended, somebody who knows the unit takes over, and each of I42's ends has its deadline: the session
over, the record signed and sent, alarms settled, the unit ready. Owns no rule of safety.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from edge.api import schema
from edge.api.schema import Snapshot
from edge.ports import StoreError
from hw_sim.explore.kinds import KIND_BY_ID
from hw_sim.explore.notes import PLAN
from hw_sim.explore.people import AT_REST, LEAVABLE, PEOPLE, Technician
from hw_sim.explore.plan import PULSE, FaultPlan, Strike, strike_words
from hw_sim.explore.reached import DECIDED
from hw_sim.explore.system import ExploreBench, ExploreSystem
from hw_sim.kiosk_robot import RobotError
from hw_sim.safety_person import hands_at, make_safety_test
from hw_sim.session import BOOT_S, SEND_S, plan_of_system
from hw_sim.system import CLINICIAN

DAMAGES_LEDGER = "M54"
LOOK_S = 0.05  # a strike sees its moment
BORED_S = 8.0  # of chaos after the last strike was mended
# Of each look while treating: two of three short sessions are interrupted once.
PAUSE_SHARE, STOP_SHARE = 0.05, 0.03
# Deadlines of the heal phase (I42).
END_S = 240.0  # besides what is left of the plan: cooling, restarts, tries in vain
SIGN_S = 90.0  # an account may be closed for a minute after wrong PINs
READY_S = 120.0
SETTLE_S = 150.0


class StuckError(Exception):
    """With all faults gone something does not come to its end."""


async def boot(plan: FaultPlan) -> ExploreBench:
    """A new unit, clinic and service, and a screen with the technician logged in."""
    system = ExploreSystem(plan)
    system.unit.hold_attend(is_held=True)
    await system.start()
    robot = await system.robot()
    return ExploreBench(system, robot, system.streams.get("campaign"), morning=system.card.image())


class Visit:
    """One run of one plan."""

    def __init__(self, bench: ExploreBench, plan: FaultPlan) -> None:
        self.bench = bench
        self.plan = plan
        self.struck: list[str] = []

    async def play(self) -> None:
        """Chaos and healing. Raises StuckError."""
        await self._until("boot", lambda s: s.device.ready == "ready", BOOT_S)
        await self._until("today", lambda s: s.today is not None, BOOT_S)
        await self._chaos()
        await self._heal()

    # --- chaos ----------------------------------------------------------------------------------

    async def _chaos(self) -> None:
        bench, plan = self.bench, self.plan
        ends_s = bench.now_s + plan.chaos_s
        striking = asyncio.create_task(self._strike_all())
        hands = bench.system.streams.get("hands")
        dice = bench.system.streams.get("person")
        person = PEOPLE[plan.person](bench, dice, "")
        bored_s = ends_s
        try:
            while bench.now_s < min(ends_s, bored_s) and not self._is_visit_over():
                await person.turn()
                await self._interrupt(hands)
                if striking.done():
                    striking.result()
                    bored_s = min(bored_s, bench.now_s + BORED_S)
        finally:
            await _end([striking])

    def _is_visit_over(self) -> bool:
        picture = self.bench.robot.snapshot
        if picture is None or picture.phase not in ("record", "idle"):
            return False
        visit = picture.visit
        return picture.phase == "record" and visit is not None and visit.record_state == "sent"

    async def _interrupt(self, dice: random.Random) -> None:
        """Everybody pauses now and then, or presses STOP."""
        picture = self.bench.robot.snapshot
        if picture is None or picture.phase != "treating":
            return
        robot, chance = self.bench.robot, dice.random()
        if chance < PAUSE_SHARE:
            robot.post(schema.Pause(id=robot.new_id(), rev=robot.rev))
        elif chance < PAUSE_SHARE + STOP_SHARE:
            robot.post(schema.Stop(id=robot.new_id()))

    async def _strike_all(self) -> None:
        """Each strike at its moment, beside the others; the end of the chaos ends them all."""
        waiting = list(self.plan.strikes)
        under_way: list[asyncio.Task[None]] = []  # a group would end them in no order
        try:
            while waiting:
                for strike in [each for each in waiting if self._has_come(each.moment)]:
                    waiting.remove(strike)
                    under_way.append(asyncio.create_task(self._follow(strike)))
                await asyncio.sleep(LOOK_S)
            for task in under_way:
                await task
        finally:
            await _end(under_way)

    async def _follow(self, strike: Strike) -> None:
        await asyncio.sleep(strike.delay_ms / 1000)
        async with self.bench.hands:
            await self._strike(strike)
        if strike.hold_ms:
            await asyncio.sleep(strike.hold_ms / 1000)
            async with self.bench.hands:
                await self._mend()

    def _has_come(self, moment: str) -> bool:
        system = self.bench.system
        if moment.startswith(PULSE):
            return len(system.unit.recorder.pulses) >= int(moment.removeprefix(PULSE))
        return system.app.chair.state.state.value == moment

    async def _strike(self, strike: Strike) -> None:
        bench = self.bench
        bench.system.notes.add(PLAN, strike_words(strike))
        bench.system.unit.mark(f"fault {strike.fault}")
        self.struck.append(strike.fault)
        bench.cause()
        kind = KIND_BY_ID[strike.fault]
        if kind.number == DAMAGES_LEDGER:
            bench.keep_ledger()
        try:
            await kind.strike(bench)
        except (RobotError, StoreError) as error:
            bench.system.notes.add(PLAN, f"{strike.fault}: {error}")

    async def _mend(self) -> None:
        bench = self.bench
        try:
            await bench.mend()
        except (RobotError, StoreError) as error:
            bench.system.notes.add(PLAN, f"mending: {error}")
        bench.system.unit.mark("mended")
        bench.system.notes.add(PLAN, "everything mended")

    # --- healing --------------------------------------------------------------------------------

    async def _heal(self) -> None:
        bench = self.bench
        async with bench.hands:
            await self._mend()
        dice = bench.system.streams.get("healer")
        healer = Technician(bench, dice, self.plan.ends)
        plan = plan_of_system(bench.system)
        length_s = plan.last_pulse_us / 1e6 * (1 if self.plan.ends == "complete" else 0)
        if self._is_over_already():
            return await self._close()
        await self._turns(healer, "session over", ("wrapup", "record"), length_s + END_S)
        await self._turns(healer, "record signed", ("record",), SIGN_S)
        return await self._close()

    def _is_over_already(self) -> bool:
        """The chaos has seen the whole visit, or a person has left it for good."""
        picture = self.bench.robot.snapshot
        with self.bench.system.reading() as store:
            is_signed = bool(store.rows("SELECT 1 FROM session WHERE record IS NOT NULL"))
        return is_signed and picture is not None and picture.phase in AT_REST

    async def _turns(
        self, healer: Technician, what: str, phases: tuple[str, ...], bound_s: float
    ) -> None:
        """Let the healer go on until the visit is in one of these states."""
        bench = self.bench
        ends_s = bench.now_s + bound_s
        while not (bench.robot.snapshot and bench.robot.snapshot.phase in phases):
            if bench.now_s > ends_s:
                raise StuckError(f"{what} not within {bound_s:.0f} s: {where(bench)}")
            if self._needs_test():
                ends_s += await self._test_unit()
            await self._decide_held()
            await healer.turn()

    async def _decide_held(self) -> None:
        """A clinician takes responsibility for a session that nobody can account for."""
        picture = self.bench.robot.snapshot
        if picture is None or picture.me is None or "decide_held" in picture.refusals:
            return
        words = [f"{held.why} {held.session}" for held in picture.device.held]
        self.bench.system.notes.add(PLAN, f"decided about {words}")
        self.bench.system.reached.recoveries[DECIDED] += 1
        who, pin = CLINICIAN[0], CLINICIAN[3]
        await self._tap(schema.DecideHeld, user_id=who, pin=pin, reason="known")

    def _needs_test(self) -> bool:
        """A fault of the service class has ended the certificate, and nothing was given yet."""
        picture = self.bench.robot.snapshot
        if picture is None or picture.me is None or picture.phase not in AT_REST:
            return False
        return picture.device.reasons == ["no_certificate"]

    async def _test_unit(self) -> float:
        """A technician makes the safety test, as the screen asks; returns how long it took."""
        bench = self.bench
        unit, began_s = bench.system.unit, bench.now_s
        bench.system.notes.add(PLAN, "safety test")
        await self._tap(schema.LeaveVisit)
        unit.hold_attend(is_held=False)
        await self._settle()
        try:
            result = await make_safety_test(bench.robot, hands_at(unit))
        except RobotError as error:
            raise StuckError(f"safety test: {error}") from None
        unit.hold_attend(is_held=True)
        if result.outcome != "passed":
            rows = [row for row in result.steps if row.state not in ("passed", "open")]
            raise StuckError(f"safety test of a whole unit {result.stage}: {rows}")
        await self._tap(schema.EndSafetyTest)
        return bench.now_s - began_s

    async def _close(self) -> None:
        """The record is sent, the visit is left, the unit stands ready, nothing rings."""
        picture = self.bench.robot.snapshot
        if picture is not None and picture.phase == "record":
            await self._until("record sent", _is_record_sent, SEND_S)
        if picture is not None and picture.phase in ("record", *LEAVABLE):
            await self._tap(schema.LeaveVisit)
        await self._until("visit left", lambda s: s.phase == "idle", READY_S)
        await self._until("queue drained", lambda s: s.sync.to_send == 0, SEND_S)
        await self._settle()
        await self._decide_held()
        await self._until("unit ready", _is_at_rest, READY_S)
        self.bench.system.check_alive()

    async def _settle(self) -> None:
        """Alarms whose cause is gone end, those that latch when somebody has understood them."""
        ends_s = self.bench.now_s + SETTLE_S
        while True:
            picture = self.bench.robot.snapshot
            assert picture is not None
            open_alarms = [
                alarm.alarm_id for alarm in picture.alarms if alarm.alarm_id not in MAY_STAY
            ]
            if not open_alarms:
                return
            if self.bench.now_s > ends_s:
                raise StuckError(f"alarms not settled in {SETTLE_S:.0f} s: {open_alarms}")
            await self._tap(schema.Acknowledge)
            if "sounder_dead" in open_alarms:
                await self._tap(schema.TestAlarms)
            if "store_log_failed" in open_alarms:
                await self._restart_service()
            for alarm_id in open_alarms:
                await self._tap(schema.AcknowledgeAlarm, alarm_id=alarm_id)
            await asyncio.sleep(1.0)

    async def _restart_service(self) -> None:
        """Service has looked at the disk; the next start writes the second copy anew."""
        bench = self.bench
        bench.system.notes.add(PLAN, "the service is started anew")
        async with bench.hands:
            await bench.end_edge()
            await bench.start_edge()

    async def _tap(self, kind: type, **fields: object) -> None:
        robot = self.bench.robot
        try:
            await robot.send(kind(id=robot.new_id(), rev=robot.rev, **fields))
        except RobotError:
            return

    async def _until(self, what: str, wanted: Callable[[Snapshot], bool], bound_s: float) -> None:
        try:
            await self.bench.robot.until(wanted, bound_s)
        except RobotError as error:
            raise StuckError(f"{what}: {error}") from None


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel in order; raises what one of them has met before."""
    for task in tasks:
        task.cancel()
    for met in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(met, Exception):
            raise met


# Conditions that no acknowledgement ends and no mending either: a person has to look at a record.
MAY_STAY = ("record_refused", "contact_not_proved", "store_repaired")


def _is_at_rest(picture: Snapshot) -> bool:
    """Ready, or nothing is asked for but the safety test that a fault of the service class asks."""
    return picture.device.ready == "ready" or picture.device.reasons == ["no_certificate"]


def _is_record_sent(picture: Snapshot) -> bool:
    return picture.visit is not None and picture.visit.record_state in ("sent", "refused")


def where(bench: ExploreBench) -> str:
    """Where the visit stands, for a person who has to understand why it is stuck."""
    picture = bench.robot.snapshot
    if picture is None:
        return "no picture"
    visit = picture.visit
    stop = None if visit is None or visit.session.stop is None else visit.session.stop.code
    return (
        f"phase {picture.phase}, link {picture.unit.link}, controller {picture.unit.mcu_state},"
        f" stop {stop}, device {picture.device.reasons}, refusals {picture.refusals}"
    )
