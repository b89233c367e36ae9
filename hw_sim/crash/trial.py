"""One visit cut off at one point: what is left, the next start, and the judgement.

Runs in a process forked at that very point. A technician then brings the visit to its signed record
by what the screen offers; afterwards coil, record and clinic must tell the same dose, and nothing
that had been acknowledged may be missing.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field

from edge.api import schema
from edge.api.schema import Snapshot
from edge.services.session_file import CLOSED
from hw_sim.card.card import CardFaults, Damage, Trouble
from hw_sim.card.store import CardStore
from hw_sim.checkers import check
from hw_sim.crash.tapped import TappedSystem
from hw_sim.evidence import collect
from hw_sim.kiosk_robot import KioskRobot, RobotError
from hw_sim.session import SEND_S, finish, prepare

RESTART_S = 2.0  # [P] RestartSec of the unit file and the start of the process
TROUBLE_S = 5.0  # a card fails for so long before somebody changes it
DEADLINE_S = 240.0  # sources.md reliability 2.4, I42: everything has come to rest
STEP_S = 40.0
ASKING_S = 15.0  # a count that was not settled by then is not known to the controller either
LOOK_S = 1.0


@dataclass(frozen=True)
class Cut:
    """What happens at the point. damage: power cut; trouble: the card fails; neither: SIGKILL."""

    damage: Damage | None = None
    is_mains: bool = False  # the controller loses its power as well
    trouble: Trouble | None = None
    is_for_good: bool = False

    @property
    def name(self) -> str:
        """For the report."""
        if self.damage is not None:
            return f"power {self.damage.value}{' with the unit' if self.is_mains else ''}"
        if self.trouble is not None:
            return f"{self.trouble.value} {'for good' if self.is_for_good else 'once'}"
        return "kill"


@dataclass
class CutResult:
    """What one cut gave."""

    reference: str
    point: int
    kind: str  # of the effect or operation that did not happen any more
    cut: str
    ended: str = ""
    pulses: int = 0
    problems: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


class Survivor:
    """The system after the cut, with somebody at the screen."""

    def __init__(self, system: TappedSystem, robot: KioskRobot, cut: Cut) -> None:
        self._system, self._robot, self._cut = system, robot, cut
        self._acknowledged = 0
        self._unsure_since_s: float | None = None

    def strike(self) -> None:
        """In the instant of the cut, deep in the edge's own call."""
        system, cut = self._system, self._cut
        store = system.app.adapters.store
        assert isinstance(store, CardStore)
        self._acknowledged = store.acknowledged
        system.on_effect = system.card.on_operation = None
        if cut.trouble is not None:
            left = None if cut.is_for_good else 1
            system.card.faults = CardFaults(cut.trouble, left=left)
            return
        system.strike_dead()
        if cut.damage is not None:
            system.card.lose_power(cut.damage)
        if cut.is_mains:
            system.unit.power_off()

    async def live_on(self, result: CutResult) -> None:
        """To the record, and the judgement; problems go into the result."""
        stuck = ""
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self._restart()
                result.ended = await self._to_the_end()
        except TimeoutError:
            stuck = f"not at rest after {DEADLINE_S:.0f} s: {self._where()}"
        except RobotError as error:
            stuck = str(error)
        result.pulses = len(self._system.unit.recorder.pulses)
        result.problems += self._judge(stuck)

    async def _restart(self) -> None:
        """The init system brings the service back; a card in trouble is changed first."""
        system = self._system
        if self._cut.trouble is not None:
            await asyncio.sleep(TROUBLE_S)
            store = system.app.adapters.store
            assert isinstance(store, CardStore)
            self._acknowledged = store.acknowledged
            system.strike_dead()
            system.card.faults = CardFaults()
        await self._robot.close()
        await system.bury()
        await asyncio.sleep(RESTART_S)
        if self._cut.is_mains:
            system.unit.power_on()
        await system.start()
        self._robot = await system.robot()
        await asyncio.sleep(LOOK_S)  # an unfinished visit is shown as soon as it was read back

    async def _to_the_end(self) -> str:
        """Treat what is left, sign, and wait until the clinic has it."""
        robot, system = self._robot, self._system
        while True:
            picture = await robot.until(lambda _: True, STEP_S)
            if picture.phase in ("wrapup", "record"):
                await self._sign(picture)
            elif picture.phase == "idle" and self._signed():
                await robot.until(lambda _: system.app.sync.to_send == 0, SEND_S)
                return "signed"
            elif picture.phase == "idle":
                await prepare(robot)
            else:
                await self._step(picture)
            system.check_alive()

    async def _sign(self, picture: Snapshot) -> None:
        if picture.phase == "wrapup":
            await finish(self._system, self._robot)
            return
        await self._robot.do(schema.LeaveVisit)
        await self._robot.until(lambda s: s.phase == "idle", STEP_S)

    async def _step(self, picture: Snapshot) -> None:
        steps: dict[str, tuple[str, type]] = {
            "ready": ("arm", schema.ArmUnit),
            "armed": ("start", schema.Start),
            "paused": ("resume", schema.Resume),
            "stopped": ("acknowledge", schema.Acknowledge),
        }
        name, kind = steps.get(picture.phase, ("", schema.LeaveVisit))
        fields: dict[str, object] = {}
        if self._is_count_lost(picture):
            name, kind, fields = "end_session", schema.EndSession, {"reason": "equipment"}
        if name and name not in picture.refusals:
            try:
                await self._robot.do(kind, **fields)
            except RobotError:
                await asyncio.sleep(0.5)
        await asyncio.sleep(0.1)

    def _is_count_lost(self, picture: Snapshot) -> bool:
        """The controller's power went in a train: nobody knows, and a person ends the session."""
        now_s = asyncio.get_running_loop().time()
        if picture.phase != "uncertain":
            self._unsure_since_s = None
        elif self._unsure_since_s is None:
            self._unsure_since_s = now_s
        return self._unsure_since_s is not None and now_s - self._unsure_since_s > ASKING_S

    def _signed(self) -> bool:
        return any(entry.state == CLOSED for entry in self._system.app.archive.sessions())

    def _where(self) -> str:
        picture = self._robot.snapshot
        if picture is None:
            return "no picture"
        why = {
            n: c for n, c in picture.refusals.items() if c not in ("wrong_state", "not_permitted")
        }
        alarms = [alarm.alarm_id for alarm in picture.alarms]
        return f"{picture.phase}, {why}, {picture.device.reasons}, {alarms}"

    def _judge(self, stuck: str) -> list[str]:
        system = self._system
        found = [str(each) for each in check(system.unit.recorder, collect(system, stuck=stuck))]
        found += [text for text in (system.app.journal.verify(), system.app.audit.verify()) if text]
        store = system.app.adapters.store
        assert isinstance(store, CardStore)
        if store.acknowledged < self._acknowledged:
            found.append(
                f"I23: change {self._acknowledged} was acknowledged, the store ends at"
                f" {store.acknowledged}"
            )
        if len(system.clinic.resources("Procedure")) != 1:
            found.append(f"I21: the clinic has {len(system.clinic.resources('Procedure'))} visits")
        return found
