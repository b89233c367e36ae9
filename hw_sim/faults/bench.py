"""One whole system and one technician, with everything that can be broken within reach.

Used by the campaign (campaign.py) and by tests: stalls, kills and starts the edge, and mends
everything that a strike of strikes*.py has broken. Judges nothing. Everything is in memory, the
card as well, so that a run can be forked.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge.api.schema import Snapshot
from edge.ports import StoreError, Value
from edge.services.library import MANIFEST, read_library_files, sign_library
from hw_sim.card.card import CardFaults
from hw_sim.clinic.line import Faults
from hw_sim.keys.sign_library import KEY_FILE
from hw_sim.kiosk_robot import KioskRobot, RobotError
from hw_sim.link import LinkPlan
from hw_sim.mcu import McuState, real_core
from hw_sim.plant.panel import BIT_BY_NAME, BOUNCE_SPAN_NS, Wire
from hw_sim.sim_hal import SIM_LINK_KEY, HalFaults
from hw_sim.system import STORE_FAILED, SimSystem, SystemOptions
from hw_sim.vtime import NS_PER_S, VirtualLoop

PROTOCOL = "fault-10hz"
# Four trains of one second, every three: long enough for every fault, short enough for thousands.
_PROTOCOL_TOML = """\
id = "fault-10hz"
version = "1.0.0"
name = "Fault campaign 10 Hz"
indication = "simulation"
status = "published"
side = "left"
site = "dlpfc-left"
coil_types = ["figure8", "figure8_cooled"]
mt_basis = "rmt"
percent_mt = { min = 80, default = 120, max = 120 }
gap_s_min = 0
sessions_per_day_max = 9
sessions_course = 36
open = []
notes = []
steps = [{ name = "short", train_levels = 1, levels = [[10, 100000], [4, 3000000]] }]
sources = [
  { field = "steps", tag = "P", text = "for simulation" },
  { field = "percent_mt", tag = "P", text = "for simulation" },
  { field = "sessions_per_day_max", tag = "P", text = "for simulation" },
  { field = "sessions_course", tag = "P", text = "for simulation" },
  { field = "status", tag = "P", text = "for simulation" },
]
"""
PULSES = 40
RESTART_S = 2.0  # [P] RestartSec of the unit file and the start of the process
BOUNCE_MS = BOUNCE_SPAN_NS / 1e6
DIED_MAX = 3  # starts of an edge that dies at once, before the chair counts as out of use


def write_library(folder: Path) -> Path:
    """A signed library of the short protocol alone; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{PROTOCOL}.toml").write_text(_PROTOCOL_TOML)
    key = KEY_FILE.read_text(encoding="ascii").strip()
    files = {k: v for k, v in read_library_files(folder).items() if k != MANIFEST}
    manifest = sign_library(files, key, "2026.1.1", author="simulation", approver="simulation")
    (folder / MANIFEST).write_bytes(manifest)
    return folder


@dataclass
class FaultBench:
    """The system, the screen, the dice and the moment at which the fault began to matter."""

    system: SimSystem
    robot: KioskRobot
    rng: random.Random
    cause_ns: int = 0
    starts: int = 0
    is_page_frozen: bool = False
    must_restart: bool = False  # what is mended shows at the controller's next start
    others: list[KioskRobot] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def boot(cls, seed: int, library: Path) -> FaultBench:
        """A new unit, clinic and edge, with the technician logged in."""
        options = SystemOptions(seed=seed, protocol=PROTOCOL, library=library, has_attend=True)
        system = SimSystem(options)
        system.unit.hold_attend(is_held=True)
        await system.start()
        return cls(system, await system.robot(), system.streams.get("campaign"))

    @property
    def now_ns(self) -> int:
        """True time."""
        self.system.unit.kernel.sync()
        return self.system.unit.kernel.now_ns

    @property
    def picture(self) -> Snapshot:
        """What the screen shows."""
        assert self.robot.snapshot is not None
        return self.robot.snapshot

    def cause(self) -> None:
        """From this moment on the reaction is due."""
        self.cause_ns = self.now_ns

    # --- the edge and its process ---------------------------------------------------------------

    def stall(self, seconds: float) -> None:
        """The edge's process stands still; the unit goes on."""
        _loop().stall(round(seconds * NS_PER_S))

    def later(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do this beside everything else, until the bench is mended."""

        async def run() -> None:
            await work()

        self.tasks.append(asyncio.ensure_future(run()))

    async def kill_edge(self) -> None:
        """SIGKILL: nothing is said to the unit."""
        self.system.strike_dead()
        await self._close_pages()
        await self.system.bury()

    async def end_edge(self) -> None:
        """SIGTERM, and the page is gone with it."""
        await self._close_pages()
        await self.system.stop()

    async def _close_pages(self) -> None:
        await self.robot.close()
        for robot in self.others:
            await robot.close()
        self.others.clear()

    async def start_edge(self) -> bool:
        """The init system starts the edge anew; False when it ended again at once."""
        await asyncio.sleep(RESTART_S)
        self.starts += 1
        try:
            await self.system.start()
            self.robot = await self.system.robot()
        except (RobotError, StoreError, RuntimeError):
            return False
        return True

    async def leave(self) -> None:
        """Everything ends."""
        await self.robot.close()
        await self.system.stop()
        self.system.unit.close()

    async def revive(self) -> bool:
        """Start the edge again when it has died; False when it does not come up."""
        while self.system.is_dead:
            if self.starts >= DIED_MAX:
                return False
            await self.end_edge()
            await self.start_edge()
        return True

    # --- mending --------------------------------------------------------------------------------

    async def mend(self) -> None:
        """Everything is whole again, as after service."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()
        self._mend_metal()
        system = self.system
        system.card.faults = CardFaults()
        heal_writes(system)
        system.clock.is_trusted = True
        system.line.is_cut = False
        system.line.faults = Faults()
        self.starts = 0
        if self.is_page_frozen and not system.is_dead:
            self.is_page_frozen = False
            await self.robot.close()
            self.robot = await system.robot()
        await self.revive()
        if _is_store_failed(system):  # on purpose it stays so until the next start
            await self.end_edge()
            await self.start_edge()

    def _mend_metal(self) -> None:
        unit, now_ns = self.system.unit, self.now_ns
        plant, hal = unit.plant, unit.hal
        for side in Wire:
            for name in BIT_BY_NAME:
                unit.stick_input(name, side.value, None)
        unit.release_estop()
        unit.set_door(is_open=False)
        unit.plug_coil(is_plugged=True)
        unit.press_patient_button(is_pressed=False)
        unit.set_cover(is_open=False)
        unit.hold_attend(is_held=True)
        for name in ("door", "patient"):
            unit.hand.chatter(name, None)
        unit.hand.set_bounce(BOUNCE_MS)
        unit.edge_panel().set_lost()
        unit.lose_edges("edge", is_lost=False)
        unit.lose_edges("mcu", is_lost=False)
        unit.edge_panel().is_broken = False
        unit.stick_host_pin(None)
        unit.stick_host_output(None)
        unit.stick_gate_back(None)
        unit.edge_indicators().break_sounder()
        unit.edge_thermometer().is_lost = False
        unit.edge_thermometer().reference_scale = 1.0
        unit.set_link_plan(LinkPlan())
        unit.link.down.sieve = unit.link.up.sieve = None
        if unit.link.is_cut or unit.link.up.is_dead or unit.link.down.is_dead:
            unit.restore_link()
        hal.faults = HalFaults()
        hal.set_gate_stuck(None)
        hal.store_key(SIM_LINK_KEY)
        unit.mcu.core_factory = real_core
        plant.current_scale = 1.0
        plant.power.advance(now_ns)
        plant.power.is_bleed_open = plant.power.is_charger_dead = False
        for sensor in ("surface", "winding", "face"):
            unit.set_sensor_fault(sensor, "none")
        unit.set_fan(plant.coil.kind.is_cooled)
        plant.coil.advance(now_ns)
        plant.coil.surface_c = min(plant.coil.surface_c, 30.0)
        plant.coil.winding_c = min(plant.coil.winding_c, 30.0)
        plant.write_down_heat()
        unit.mcu.has_watchdog = True
        if self.must_restart or unit.mcu.state in (McuState.OFF, McuState.HUNG):
            self.must_restart = False
            unit.power_on()


def spoil_write(system: SimSystem, error: Exception, *, passing: int = 0) -> None:
    """The next write of the service's store fails as none may: with our own error. Once.

    passing: so many go through before.
    """
    store, left = system.app.adapters.store, passing
    whole = store.rows

    def rows(sql: str, args: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        nonlocal left
        if not sql.startswith("SELECT"):
            left -= 1
            if left < 0:
                heal_writes(system)
                system.unit.mark(STORE_FAILED)
                raise error
        return whole(sql, args)

    store.rows = rows  # type: ignore[method-assign]  # as a bug in there would


def heal_writes(system: SimSystem) -> None:
    """What spoil_write() has planted is gone."""
    vars(system.app.adapters.store).pop("rows", None)


def _is_store_failed(system: SimSystem) -> bool:
    """The service runs, and its store refuses every statement."""
    if system.is_dead:
        return False
    try:
        system.app.adapters.store.rows("SELECT 1")
    except StoreError:
        return True
    return False


def _loop() -> VirtualLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop
