"""Scenes at the chair: what happens in one visit, with a contact, a wire or a hand in the way.

Each is a script of hw_sim/plants/stage.py. None knows of any bug: on a healthy product every scene
ends without a violation, which a test holds.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from edge.api import schema
from hw_sim.faults.bench import FaultBench
from hw_sim.plant.coil import FIGURE8_COOLED
from hw_sim.plants.stage import Extra, finish, go_on, press_stop, reach, sign

BETWEEN_PULSES_S = 0.03
# Its face follows the pulses within seconds, as that of no real coil does.
POOR_COIL = replace(
    FIGURE8_COOLED,
    winding_j_per_k=25.0,
    surface_j_per_k=22.0,
    between_w_per_k=20.0,
    air_c=37.0,
    coolant_c=37.0,
)


async def visit(bench: FaultBench) -> Extra:
    """Nothing happens."""
    await reach(bench, "wrapup")
    await sign(bench)
    return None


async def treatment(bench: FaultBench) -> Extra:
    """Up to wrap-up, or wherever it ends."""
    await reach(bench, "countdown")
    await asyncio.sleep(20.0)
    return None


async def door(bench: FaultBench) -> Extra:
    """The door is opened in a train, and shut again at once."""
    await reach(bench, "train")
    bench.system.unit.set_door(is_open=True)
    await asyncio.sleep(0.05)
    bench.system.unit.set_door(is_open=False)
    await asyncio.sleep(2.0)
    return None


async def door_stays_open(bench: FaultBench) -> Extra:
    """The door is opened in a train and stays open."""
    await reach(bench, "train")
    bench.system.unit.set_door(is_open=True)
    await asyncio.sleep(4.0)
    return None


async def door_waits(bench: FaultBench) -> Extra:
    """The same, and nobody comes for a while."""
    await door_stays_open(bench)
    await asyncio.sleep(9.0)
    return None


async def stop(bench: FaultBench) -> Extra:
    """STOP in a train."""
    await reach(bench, "train")
    await asyncio.sleep(BETWEEN_PULSES_S)
    pressed_ns = await press_stop(bench)
    await asyncio.sleep(3.0)
    return {"screen_stops_ns": (pressed_ns,)}


async def stop_and_go_on(bench: FaultBench) -> Extra:
    """STOP in a train; understood, resumed, finished."""
    await reach(bench, "train")
    pressed_ns = await press_stop(bench)
    await asyncio.sleep(2.0)
    await finish(bench)
    return {"screen_stops_ns": (pressed_ns,)}


async def silent_line(bench: FaultBench) -> Extra:
    """The line is dead in both directions, and its port stays open."""
    await reach(bench, "train")
    bench.system.unit.cut_link(is_silent=True)
    await asyncio.sleep(4.0)
    bench.system.unit.restore_link()
    await asyncio.sleep(2.0)
    return None


async def deaf_controller(bench: FaultBench) -> Extra:
    """Nothing reaches the controller any more; what it says still arrives."""
    await reach(bench, "train")
    bench.system.unit.link.down.is_dead = True
    await asyncio.sleep(4.0)
    bench.system.unit.restore_link()
    return None


async def pause(bench: FaultBench) -> Extra:
    """A pause in a train, resumed and finished."""
    await reach(bench, "train")
    await bench.robot.do(schema.Pause)
    await asyncio.sleep(3.0)
    await finish(bench)
    return None


async def cut_short(bench: FaultBench) -> Extra:
    """The patient wants to go home in the second train."""
    await reach(bench, "paused")
    await bench.robot.do(schema.EndSession, reason="patient_wish")
    await go_on(bench)
    await sign(bench)
    return None


async def hung_controller(bench: FaultBench) -> Extra:
    """The firmware hangs in a train without a watchdog, and somebody pushes the mushroom."""
    await reach(bench, "train")
    await asyncio.sleep(BETWEEN_PULSES_S)
    bench.system.unit.hang_mcu(has_watchdog=False)
    await asyncio.sleep(1.0)
    bench.system.unit.press_estop()
    await asyncio.sleep(2.0)
    return None


async def reset_controller(bench: FaultBench) -> Extra:
    """The controller restarts in a train; understood, resumed, finished."""
    await reach(bench, "train")
    bench.system.unit.reboot_mcu()
    await asyncio.sleep(5.0)
    await finish(bench)
    return None


async def reset_at_rest(bench: FaultBench) -> Extra:
    """The controller restarts while nobody is treated, and its port is opened anew."""
    await reach(bench, "idle")
    bench.system.unit.reboot_mcu()
    await asyncio.sleep(4.0)
    bench.system.unit.cut_link()
    await asyncio.sleep(1.0)
    bench.system.unit.restore_link()
    await asyncio.sleep(4.0)
    return None


async def killed_edge(bench: FaultBench) -> Extra:
    """The edge is killed in a train, started anew, resumed, finished."""
    await reach(bench, "train")
    await bench.kill_edge()
    await bench.start_edge()
    await asyncio.sleep(4.0)
    await finish(bench)
    return None


async def killed_between(bench: FaultBench) -> Extra:
    """The edge is killed after a train was booked, and started anew."""
    await reach(bench, "gap")
    await asyncio.sleep(0.5)
    await bench.kill_edge()
    await bench.start_edge()
    await asyncio.sleep(4.0)
    return None


async def low_bank(bench: FaultBench) -> Extra:
    """The charger dies in a gap, and the bank loses a twentieth of its voltage."""
    await reach(bench, "gap")
    power = bench.system.unit.plant.power
    power.advance(bench.now_ns)
    power.is_charger_dead = True
    power.lose(0.9)
    await asyncio.sleep(8.0)
    return None


async def restarted_at_rest(bench: FaultBench) -> Extra:
    """The edge is started anew while nobody is treated."""
    await reach(bench, "idle")
    await bench.kill_edge()
    await bench.start_edge()
    await asyncio.sleep(13.0)
    return None


async def hot_face(bench: FaultBench) -> Extra:
    """The face is above its limit while a train runs."""
    await reach(bench, "gap")
    coil = bench.system.unit.plant.coil
    coil.advance(bench.now_ns)
    coil.surface_c, coil.winding_c = 43.5, 60.0
    await asyncio.sleep(8.0)
    return None


async def poor_coil(bench: FaultBench) -> Extra:
    """A coil with little copper in a hot room, with warm coolant: each pulse warms its face."""
    coil = bench.system.unit.plant.coil
    coil.set_kind(bench.now_ns, POOR_COIL)
    coil.advance(bench.now_ns)
    coil.surface_c = coil.winding_c = POOR_COIL.air_c
    await reach(bench, "countdown")
    await asyncio.sleep(30.0)
    return None


async def broken_sensor(bench: FaultBench) -> Extra:
    """The controller's sensor at the face breaks in a train."""
    await reach(bench, "train")
    bench.system.unit.set_sensor_fault("surface", "open")
    await asyncio.sleep(6.0)
    return None
