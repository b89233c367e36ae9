"""Scenes with people and screens: two screens, alarms and their silence, wrong PINs, a forger.

Scripts of hw_sim/plants/stage.py; none knows of any bug.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from edge.api import schema
from edge.domain.verdict import Verdict
from firmware.wire.commands import Charge, Confirm
from firmware.wire.framing import encode
from firmware.wire.seal import SEAL_BYTES
from hw_sim.checkers.facts import PinTry
from hw_sim.faults.bench import FaultBench
from hw_sim.kiosk_robot import KioskRobot, RobotError
from hw_sim.plants.stage import Extra, go_on, reach, sign
from hw_sim.system import TECHNICIAN

GUESSES = 12
FAR_SEQ = 0x2000  # a number that is new to the controller, whatever was sent before


async def two_screens(bench: FaultBench) -> Extra:
    """A second screen takes control in the middle of a visit, and the first takes it back."""
    await reach(bench, "ready")
    other = await bench.system.robot()
    bench.others.append(other)
    await other.do(schema.TakeControl)
    await asyncio.sleep(2.0)
    await bench.robot.do(schema.TakeControl)
    await asyncio.sleep(2.0)
    return None


async def two_alarms(bench: FaultBench) -> Extra:
    """The sound of one alarm is paused, and a worse one comes up."""
    await reach(bench, "train")
    unit = bench.system.unit
    unit.set_sensor_fault("face", "open")
    await asyncio.sleep(5.0)
    await bench.robot.do(schema.PauseAudio)
    await asyncio.sleep(2.0)
    unit.stick_input("door", "mcu", False)
    await asyncio.sleep(6.0)
    return None


async def estop_in_train(bench: FaultBench) -> Extra:
    """The mushroom is pushed in a train, released, and the edge is started anew meanwhile."""
    await reach(bench, "train")
    unit = bench.system.unit
    unit.press_estop()
    await asyncio.sleep(4.0)
    unit.release_estop()
    await asyncio.sleep(1.0)
    await bench.kill_edge()
    await bench.start_edge()
    await asyncio.sleep(7.0)
    return None


async def mushroom(bench: FaultBench) -> Extra:
    """The mushroom is pushed in a train and stays down."""
    await reach(bench, "train")
    bench.system.unit.press_estop()
    await asyncio.sleep(4.0)
    return None


async def alarm_and_restart(bench: FaultBench) -> Extra:
    """A wire is bridged for a moment; before anybody has understood the edge is started anew."""
    await reach(bench, "train")
    unit = bench.system.unit
    unit.stick_input("door", "mcu", False)
    await asyncio.sleep(2.0)
    unit.stick_input("door", "mcu", None)
    await asyncio.sleep(2.0)
    await bench.kill_edge()
    await bench.start_edge()
    await asyncio.sleep(7.0)
    return None


async def guesses(bench: FaultBench) -> Extra:
    """Somebody tries PINs one after another, and pulls the plug in between."""
    await reach(bench, "idle")
    tries: list[PinTry] = []
    for number in range(GUESSES):
        answer = await bench.system.app.hub.login(TECHNICIAN[0], f"{1000 + number}")
        code = answer.code if isinstance(answer, Verdict) else ""
        tries.append(PinTry(bench.now_ns, TECHNICIAN[0], code))
        if number % 4 == 3:
            await bench.kill_edge()
            bench.system.clock.offset *= -1
            await bench.system.start()
            await asyncio.sleep(0.5)
    bench.robot = await _anybody(bench)
    return {"pin_tries": tuple(tries)}


async def crowd_of_guesses(bench: FaultBench) -> Extra:
    """Many requests at once, each with another PIN."""
    await reach(bench, "idle")
    hub = bench.system.app.hub
    tries: list[PinTry] = []
    for first in range(0, GUESSES, 4):
        answers = await asyncio.gather(
            *(hub.login(TECHNICIAN[0], f"{2000 + first + more}") for more in range(4))
        )
        for answer in answers:
            code = answer.code if isinstance(answer, Verdict) else ""
            tries.append(PinTry(bench.now_ns, TECHNICIAN[0], code))
    return {"pin_tries": tuple(tries)}


async def _anybody(bench: FaultBench) -> KioskRobot:
    """A screen, logged in or not: the account may be closed by now."""
    with suppress(RobotError):
        return await bench.system.robot()
    return bench.robot


async def forger(bench: FaultBench) -> Extra:
    """Recorded commands are sent again, and others with a made-up seal, in two states."""
    await reach(bench, "paused")
    unit = bench.system.unit
    recorded = [
        frame
        for frame in unit.line_log.frames()
        if not frame.is_up and frame.kind in (Charge.TYPE, Confirm.TYPE)
    ]
    for number, frame in enumerate(recorded):
        unit.link.down.inject(encode(frame.kind, FAR_SEQ + number, frame.payload))
        await asyncio.sleep(0.2)
    for frame in recorded:
        unit.link.down.inject(encode(frame.kind, frame.seq, frame.payload))
        await asyncio.sleep(0.2)
    for level in (40, 100):
        made_up = bytes((level,)) + bytes(SEAL_BYTES)
        unit.link.down.inject(encode(Charge.TYPE, FAR_SEQ + 0x100 + level, made_up))
        await asyncio.sleep(1.0)
    return None


async def forger_after_reset(bench: FaultBench) -> Extra:
    """The same recording after the controller was started anew."""
    await reach(bench, "armed")
    unit = bench.system.unit
    recorded = [f for f in unit.line_log.frames() if not f.is_up and f.kind == Charge.TYPE]
    unit.reboot_mcu()
    await asyncio.sleep(5.0)
    for number, frame in enumerate(recorded):
        unit.link.down.inject(encode(frame.kind, FAR_SEQ + number, frame.payload))
        await asyncio.sleep(1.0)
    return None


async def locked_out(bench: FaultBench) -> Extra:
    """A screen on which nobody has logged in; somebody taps on it."""
    await reach(bench, "ready")
    stranger = KioskRobot(bench.system.app.hub, bench.system.pictures.screen())
    bench.others.append(stranger)
    await stranger.until(lambda s: s.me is None, 5.0)
    for _ in range(3):
        with suppress(RobotError):
            await stranger.send(schema.ArmUnit(id=stranger.new_id(), rev=stranger.rev))
        await asyncio.sleep(1.0)
    await go_on(bench)
    await sign(bench)
    return None
