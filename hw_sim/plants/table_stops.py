"""Plants against what stops the output: contacts, enables, STOP, silence, heat, sensors, faults."""

from __future__ import annotations

from hw_sim.plants import bugs_edge as edge
from hw_sim.plants import bugs_firmware as core
from hw_sim.plants.plant import Plant

BY_GUARD = "the guard drops the enable in hardware"
BY_FIRMWARE = "the firmware drops the enable at the pin's interrupt"
BY_BOTH = "guard or firmware drop the enable"

STOPS: tuple[Plant, ...] = (
    Plant(
        "door-slow",
        ("I1",),
        "door",
        (core.guard_blind, core.openings_debounced, edge.panel_ignored),
        {
            core.guard_blind.text: BY_FIRMWARE,
            core.openings_debounced.text: BY_GUARD,
            edge.panel_ignored.text: BY_BOTH,
        },
    ),
    Plant(
        "door-unheard",
        ("I1",),
        "door",
        (core.guard_blind, core.interrupt_lost, edge.panel_ignored),
        {
            core.guard_blind.text: BY_FIRMWARE,
            core.interrupt_lost.text: BY_GUARD,
            edge.panel_ignored.text: BY_BOTH,
        },
    ),
    Plant(
        "door-ignored",
        ("I1",),
        "door",
        (core.guard_blind, core.door_ignored, edge.panel_ignored),
        {
            core.guard_blind.text: BY_FIRMWARE,
            core.door_ignored.text: BY_GUARD,
            edge.panel_ignored.text: BY_BOTH,
        },
    ),
    Plant(
        "door-open-treatment",
        ("I2",),
        "door_stays_open",
        (core.guard_blind, core.door_ignored, edge.panel_ignored),
        {
            core.guard_blind.text: BY_FIRMWARE,
            core.door_ignored.text: BY_GUARD,
            edge.panel_ignored.text: BY_BOTH,
        },
    ),
    Plant(
        "mushroom-down-treatment",
        ("I2",),
        "mushroom",
        (core.chain_welded, core.guard_blind, core.estop_ignored, edge.panel_ignored),
        {
            core.chain_welded.text: BY_BOTH,
            core.guard_blind.text: "the contacts cut the power path itself",
            core.estop_ignored.text: BY_GUARD,
            edge.panel_ignored.text: BY_BOTH,
        },
    ),
    Plant(
        "trigger-blind",
        ("I3",),
        "stop",
        (core.trigger_blind, core.cancel_forgotten),
        {
            core.trigger_blind.text: "the firmware calls back what waits in the queue",
            core.cancel_forgotten.text: "the trigger looks at the enable before each edge",
        },
    ),
    Plant("one-shot-holds", ("I4",), "killed_edge", (core.one_shot_holds,)),
    Plant("beat-deaf", ("I4",), "deaf_controller", (core.beat_deaf,)),
    Plant(
        "heat-ignored",
        ("I11",),
        "hot_face",
        (core.heat_ignored, edge.own_heat_ignored, edge.look_ahead_off),
        {
            core.heat_ignored.text: "the edge trips on its own sensor",
            edge.own_heat_ignored.text: "the firmware trips on its sensors",
            edge.look_ahead_off.text: "both trip on what they measure",
        },
    ),
    Plant(
        "coil-burns",
        ("I12",),
        "poor_coil",
        (core.heat_ignored, edge.own_heat_ignored, edge.look_ahead_off),
        {
            core.heat_ignored.text: "the edge trips on its own sensor",
            edge.own_heat_ignored.text: "the firmware trips on its sensors",
            edge.look_ahead_off.text: "both trip on what they measure",
        },
    ),
    Plant("sensor-believed", ("I13",), "broken_sensor", (core.sensor_believed,)),
    Plant("stop-ignored", ("I14",), "stop", (core.stop_in_train_ignored,)),
    Plant("guard-never-decays", ("I15",), "hung_controller", (core.guard_never_decays,)),
    Plant(
        "enable-over-reset",
        ("I15",),
        "reset_controller",
        (core.guard_never_decays, core.reset_keeps_enable),
        {
            core.guard_never_decays.text: "a reset drops the enable",
            core.reset_keeps_enable.text: "the guard lets go when nobody feeds it",
        },
    ),
    Plant("fault-clears-itself", ("I16",), "door", (core.fault_clears_itself,)),
    Plant("boot-glitch", ("I17", "I18"), "reset_at_rest", (core.boot_glitch,)),
    Plant("hello-glitch", ("I18",), "reset_at_rest", (core.hello_glitch,)),
    Plant("door-not-alarmed", ("I25",), "door", (edge.door_not_alarmed,)),
    Plant("alarms-forgotten", ("I25",), "alarm_and_restart", (edge.alarms_forgotten,)),
    Plant("alarms-by-age", ("I26",), "two_alarms", (edge.alarms_by_age,)),
    Plant("alarms-renewed", ("I26",), "door_waits", (edge.alarms_renewed,)),
    Plant("pause-covers-all", ("I27",), "two_alarms", (edge.pause_covers_all,)),
    Plant("hold-not-sent", ("I28",), "pause", (edge.hold_not_sent,)),
    Plant("dose-ahead", ("I29",), "visit", (edge.dose_ahead,)),
    Plant("temperature-stands", ("I29",), "hot_face", (edge.temperature_stands,)),
    Plant("control-kept", ("I30",), "two_screens", (edge.control_kept,)),
    Plant("slow-start", ("I39",), "restarted_at_rest", (edge.slow_start,)),
    Plant("chance-in-timing", ("I43",), "twins", (edge.chance_in_timing,)),
    Plant("panel-ignored", ("I44",), "fault_pairs", (edge.panel_ignored,)),
    Plant("certificate-ignored", ("I45",), "untested", (edge.certificate_ignored,)),
    Plant("certificate-for-ever", ("I45",), "expired", (edge.certificate_ignored,)),
)
