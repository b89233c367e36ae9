"""People at the chair: one goes on as taught, one taps too much, one forgets, one cheats.

Each takes turns at the screen and at the unit and can only do what hands can do. All of them want
the session to come to its end, so that a visit without faults ends whoever makes it. What they are
refused is no defect; what they bring about is judged elsewhere.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from edge.api import schema
from edge.api.schema import Refused, Snapshot
from edge.domain.checks import QUESTIONS
from edge.ports import StoreError
from hw_sim.explore.plan import EARLY
from hw_sim.explore.system import ExploreBench
from hw_sim.kiosk_robot import RobotError
from hw_sim.system import APPOINTMENT_ID, TECHNICIAN

NO_ANSWER = "no_answer"
ANSWER_S = (0.3, 1.2)  # between two answers of the checklist
LEAVABLE = ("patient", "checks", "ready")
AT_REST = ("idle", *LEAVABLE)
ENDABLE = ("paused", "stopped", "uncertain")
Step = tuple[str, type, dict[str, object]]
STEPS: dict[str, Step] = {
    "idle": ("open_visit", schema.OpenVisit, {"appointment_id": APPOINTMENT_ID}),
    "patient": ("begin_checks", schema.BeginChecks, {}),
    "checks": ("finish_checks", schema.FinishChecks, {}),
    "ready": ("arm", schema.ArmUnit, {}),
    "armed": ("start", schema.Start, {}),
    "paused": ("resume", schema.Resume, {}),
    "stopped": ("acknowledge", schema.Acknowledge, {}),
    "wrapup": ("wrap_up", schema.WrapUp, {"pain_0_10": 2, "note": "", "pin": TECHNICIAN[3]}),
}


class Technician:
    """As taught: looks, does what comes next, gives up in the end."""

    look_s = (0.4, 1.5)
    patience_s = (20.0, 60.0)

    def __init__(self, bench: ExploreBench, dice: random.Random, ends: str) -> None:
        self.bench = bench
        self.dice = dice
        self.ends = ends  # EARLY: end the session wherever that is possible
        self._phase = ""
        self._since_s = 0.0
        self._patience_s = self.dice.uniform(*self.patience_s)

    async def turn(self) -> None:
        """One look and what follows from it."""
        await asyncio.sleep(self.dice.uniform(*self.look_s))
        picture = await self._look()
        if picture is not None:
            await self.act(picture)

    async def act(self, picture: Snapshot) -> None:
        """What this person does with this picture."""
        await self.go_on(picture)

    async def go_on(self, picture: Snapshot) -> None:
        """The step that brings the visit nearer to its end."""
        if picture.control == "elsewhere":
            await self.tap(schema.TakeControl)
        if "fault" in picture.device.reasons and picture.phase in AT_REST:
            await self.tap(schema.Acknowledge)
        if picture.phase == "checks":
            await self._answer(picture)
            picture = await self._look() or picture
        if self._has_lost_patience(picture) and await self._give_up(picture):
            return
        if picture.phase in STEPS:
            name, kind, fields = STEPS[picture.phase]
            if name not in picture.refusals:
                await self.tap(kind, **fields)

    async def tap(self, kind: type, **fields: object) -> str:
        """A command; returns why it was refused, '' when it was done."""
        robot = self.bench.robot
        try:
            answer = await robot.send(kind(id=robot.new_id(), rev=robot.rev, **fields))
        except (RobotError, StoreError):
            return NO_ANSWER
        return answer.code if isinstance(answer, Refused) else ""

    async def _look(self) -> Snapshot | None:
        """The picture; a page that is gone is opened anew."""
        bench = self.bench
        if bench.hands.locked():
            return None  # whoever strikes or mends may have ended the service
        if bench.system.is_dead:
            bench.system.note_death()
            async with bench.hands:
                await bench.revive()
            return None
        if getattr(bench.robot, "is_closed", False) or bench.robot.snapshot is None:
            await bench.new_page()
            return None
        picture = bench.robot.snapshot
        if picture.me is None:
            await bench.new_page()
            return None
        if picture.phase != self._phase:
            self._phase, self._since_s = picture.phase, asyncio.get_running_loop().time()
        return picture

    def _has_lost_patience(self, picture: Snapshot) -> bool:
        if self.ends == EARLY and picture.phase in ENDABLE:
            return True
        return asyncio.get_running_loop().time() - self._since_s > self._patience_s

    async def _give_up(self, picture: Snapshot) -> bool:
        """End the session where it stands; False where nothing can be ended."""
        if picture.phase in ENDABLE and "end_session" not in picture.refusals:
            return await self.tap(schema.EndSession, reason="equipment") == ""
        if picture.phase in LEAVABLE and "leave_visit" not in picture.refusals:
            return await self.tap(schema.LeaveVisit) == ""
        if self.ends == EARLY and picture.phase == "treating":
            return await self.tap(schema.Pause) == ""
        return False

    async def _answer(self, picture: Snapshot) -> None:
        if picture.visit is None:
            return
        wrong = {c.key for c in picture.visit.checks if c.kind == "question" and c.state != "ok"}
        for question in QUESTIONS:
            if question.key in wrong:
                choice = self.answer_for(question.key, question.choices)
                await self.tap(schema.AnswerCheck, key=question.key, answer=choice)
                await asyncio.sleep(self.dice.uniform(*ANSWER_S))

    def answer_for(self, _key: str, choices: tuple[str, ...]) -> str:
        """Which card is touched."""
        return choices[0]


class Impatient(Technician):
    """Taps everything early and twice, and everything else as well."""

    look_s = (0.1, 0.4)
    patience_s = (5.0, 20.0)
    every: tuple[type, ...] = (
        schema.ArmUnit,
        schema.Start,
        schema.Pause,
        schema.Resume,
        schema.Acknowledge,
        schema.Back,
        schema.PauseAudio,
        schema.TestAlarms,
        schema.Reveal,
    )

    async def act(self, picture: Snapshot) -> None:
        robot = self.bench.robot
        if self.dice.random() < 0.25:
            kind = self.dice.choice(self.every)
            robot.post(kind(id=robot.new_id(), rev=robot.rev))
        if picture.phase in STEPS:
            _, kind, fields = STEPS[picture.phase]
            for _ in range(2):
                robot.post(kind(id=robot.new_id(), rev=robot.rev, **fields))
        if self.dice.random() < 0.02:
            robot.post(schema.Stop(id=robot.new_id()))
        await self.go_on(picture)


class Careless(Technician):
    """Leaves doors and switches, forgets, mistypes."""

    look_s = (0.4, 3.0)
    patience_s = (30.0, 90.0)

    async def act(self, picture: Snapshot) -> None:
        if self.dice.random() < 0.08:
            await self._leave_something()
        if self.dice.random() < 0.04:
            await asyncio.sleep(self.dice.uniform(5.0, 40.0))
            return
        if picture.phase == "wrapup" and self.dice.random() < 0.6:
            await self.tap(schema.WrapUp, pain_0_10=1, note="", pin="1357")
        if picture.phase == "record":
            return
        await self.go_on(picture)

    def answer_for(self, _key: str, choices: tuple[str, ...]) -> str:
        return choices[-1] if self.dice.random() < 0.2 else choices[0]

    async def _leave_something(self) -> None:
        unit = self.bench.system.unit
        acts: tuple[tuple[Callable[[], None], Callable[[], None]], ...] = (
            (lambda: unit.set_door(is_open=True), lambda: unit.set_door(is_open=False)),
            (lambda: unit.hold_attend(is_held=False), lambda: unit.hold_attend(is_held=True)),
            (unit.press_estop, unit.release_estop),
            (
                lambda: unit.press_patient_button(is_pressed=True),
                lambda: unit.press_patient_button(is_pressed=False),
            ),
        )
        leave, mend = self.dice.choice(acts)
        leave()
        await asyncio.sleep(self.dice.uniform(0.05, 6.0))
        mend()


class Cheating(Technician):
    """Tries to treat without checks, on a second screen, on old pictures, while editing."""

    look_s = (0.2, 1.0)
    patience_s = (10.0, 40.0)

    async def act(self, picture: Snapshot) -> None:
        trick = self.dice.choice(
            (self._out_of_order, self._old_picture, self._second_screen, self._edit, None, None)
        )
        if trick is not None:
            await trick(picture)
        await self.go_on(picture)

    async def _out_of_order(self, picture: Snapshot) -> None:
        """Treat now, whatever has been answered; what is taken must not treat without checks."""
        if picture.phase in ("idle", "patient", "checks"):
            for kind in (schema.ArmUnit, schema.Start, schema.Resume):
                if await self.tap(kind) == "":
                    self.bench.found.append(f"I35: {kind.__name__} was taken in {picture.phase}")

    async def _old_picture(self, picture: Snapshot) -> None:
        robot = self.bench.robot
        kind = self.dice.choice((schema.ArmUnit, schema.Start, schema.Resume, schema.LeaveVisit))
        old_rev = max(picture.rev - self.dice.randrange(1, 40), 0)
        robot.post(kind(id=robot.new_id(), rev=old_rev))

    async def _second_screen(self, picture: Snapshot) -> None:
        """The same person at another screen, taking control back and forth."""
        bench = self.bench
        if self.dice.random() > 0.3 or len(bench.others) > 2:
            return
        try:
            other = await bench.system.robot()
        except (RobotError, StoreError):
            return
        bench.others.append(other)
        other.post(schema.TakeControl(id=other.new_id(), rev=other.rev))
        if picture.phase in STEPS:
            _, kind, fields = STEPS[picture.phase]
            other.post(kind(id=other.new_id(), rev=other.rev, **fields))
        await asyncio.sleep(0.2)
        await other.close()

    async def _edit(self, picture: Snapshot) -> None:
        """Change an answer in the same instant as arming."""
        if picture.phase not in ("ready", "armed"):
            return
        robot, question = self.bench.robot, QUESTIONS[-1]
        for kind, fields in (
            (schema.ArmUnit, {}),
            (schema.AnswerCheck, {"key": question.key, "answer": question.choices[-1]}),
            (schema.Back, {}),
        ):
            robot.post(kind(id=robot.new_id(), rev=robot.rev, **fields))


PEOPLE: dict[str, type[Technician]] = {
    "technician": Technician,
    "impatient": Impatient,
    "careless": Careless,
    "cheating": Cheating,
}
