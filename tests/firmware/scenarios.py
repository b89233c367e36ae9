# The table of scenarios: name, what runs, and the fault or refusal that must have been told on the
# line (-1: none is meant). test_scenarios.py runs them on either interpreter and the logs are
# compared byte by byte. Portable.
from firmware.compat import TYPE_CHECKING
from firmware.wire import codes
from tests.firmware import scenarios_chip as chip
from tests.firmware import scenarios_faults as faults
from tests.firmware import scenarios_normal as normal
from tests.firmware import scenarios_refusals as refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from tests.firmware.chair import Chair

    Scenario = Callable[[], Coroutine[Any, Any, Chair]]

NORMAL: "tuple[Scenario, ...]" = (
    normal.itbs_train_whole,
    normal.ten_hz_train_whole,
    normal.one_hz_train_never_starts_cold,
    normal.session_whole_with_two_trains,
    normal.ticks_wrap_in_a_train,
    normal.boot_in_mid_session_counts_at_least,
    normal.boot_with_a_charged_bank_bleeds_first,
    normal.stop_while_charging,
    normal.stop_while_ready,
    normal.stop_while_armed,
    normal.stop_in_a_train,
    normal.stop_while_held,
    normal.stop_at_rest,
    normal.hold_in_a_train_and_resume,
    normal.hello_again_in_a_train,
    normal.garbage_on_the_line,
    normal.frames_in_single_bytes,
    normal.command_repeated_after_a_lost_answer,
    normal.input_bounces_at_rest,
    normal.level_changed_down_and_up,
    normal.another_session_starts_at_zero,
    normal.fault_acknowledged_and_on_again,
    normal.confirm_that_does_not_close_leaves_nothing_armed,
    normal.image_staged_and_tried,
    normal.safety_test_trips_and_starves,
    normal.hello_of_another_version_identifies_only,
)
FAULTS: "tuple[tuple[Scenario, int], ...]" = (
    (faults.estop_in_a_train, codes.F_ESTOP),
    (faults.door_while_ready, codes.F_DOOR),
    (faults.coil_unplugged_while_charging, codes.F_COIL_ABSENT),
    (faults.patient_button_in_a_train, codes.F_PATIENT_STOP),
    (faults.cooling_lost_while_armed, codes.F_COOLING),
    (faults.inputs_stale_after_a_stall, codes.F_INPUT_STALE),
    (faults.surface_hot_in_a_train, codes.F_SURFACE_HOT),
    (faults.winding_hot_while_armed, codes.F_WINDING_HOT),
    (faults.sensor_lost_while_ready, codes.F_SENSOR),
    (faults.sensor_frozen_in_a_train, codes.F_SENSOR_FROZEN),
    (faults.sensor_runs_away_while_ready, codes.F_SENSOR_SLEW),
    (faults.face_far_above_the_winding_while_ready, codes.F_SENSOR_PAIR),
    (faults.bank_wanders_while_ready, codes.F_BANK_VOLTAGE),
    (faults.charger_dead, codes.F_CHARGE_TIMEOUT),
    (faults.pulse_without_a_result, codes.F_PULSE_MISSING),
    (faults.pulse_that_nobody_asked_for, codes.F_PULSE_UNASKED),
    (faults.amplitude_of_four_fifths, codes.F_AMPLITUDE),
    (faults.trigger_refuses_a_request, codes.F_COUNT),
    (faults.edge_falls_silent_in_a_train, codes.F_LINK_LOST),
    (faults.armed_and_forgotten, codes.F_LEFT_CHARGED),
    (faults.ledger_damaged_at_boot, codes.F_LEDGER),
    (faults.ledger_not_stored, codes.F_LEDGER),
    (faults.gate_stuck_on, codes.F_INTERNAL),
    (faults.self_test_failed, codes.F_SELF_TEST),
    (faults.host_enable_lost_in_a_train, codes.F_HOST_ENABLE),
    (faults.host_enable_lost_while_charging, codes.F_HOST_ENABLE),
    (faults.host_enable_stuck_at_rest, codes.F_HOST_STUCK),
    (faults.host_enable_stuck_after_a_fault, codes.F_HOST_STUCK),
    (faults.cover_opened_while_armed, codes.F_ENCLOSURE),
)
REFUSALS: "tuple[tuple[Scenario, int], ...]" = (
    (refusals.state, codes.REJ_STATE),
    (refusals.version, codes.REJ_VERSION),
    (refusals.range_, codes.REJ_RANGE),
    (refusals.limit, codes.REJ_LIMIT),
    (refusals.looser, codes.REJ_LOOSER),
    (refusals.not_configured, codes.REJ_NOT_CONFIGURED),
    (refusals.interlock, codes.REJ_INTERLOCK),
    (refusals.token_wrong, codes.REJ_TOKEN),
    (refusals.token_used, codes.REJ_TOKEN),
    (refusals.late, codes.REJ_LATE),
    (refusals.too_far, codes.REJ_TOO_FAR),
    (refusals.busy, codes.REJ_BUSY),
    (refusals.total, codes.REJ_TOTAL),
    (refusals.ledger, codes.REJ_LEDGER),
    (refusals.fault, codes.REJ_FAULT),
    (refusals.hot, codes.REJ_HOT),
    (refusals.cause, codes.REJ_CAUSE),
    (refusals.unknown, codes.REJ_UNKNOWN),
    (refusals.length, codes.REJ_LENGTH),
    (refusals.interval, codes.REJ_INTERVAL),
    (refusals.timing, codes.REJ_TIMING),
    (refusals.mac_of_another_key, codes.REJ_MAC),
    (refusals.mac_of_an_old_hello, codes.REJ_MAC),
    (refusals.epoch_of_another_boot, codes.REJ_EPOCH),
    (refusals.sequence_counter_used, codes.REJ_SEQUENCE),
    (refusals.sequence_session_replayed, codes.REJ_SEQUENCE),
    (refusals.no_key, codes.REJ_KEY),
    (refusals.image, codes.REJ_IMAGE),
    (refusals.updating, codes.REJ_UPDATING),
    (refusals.update_while_energised, codes.REJ_STATE),
    (refusals.store, codes.REJ_STORE),
)
_NAMED: "tuple[tuple[str, tuple[tuple[Scenario, int], ...]], ...]" = (
    ("normal", tuple([(one, -1) for one in NORMAL])),
    ("fault", FAULTS),
    ("refusal", REFUSALS),
    ("chip", tuple([(one, -1) for one in chip.CHIP])),
    ("hosted", tuple([(one, -1) for one in chip.CHIP_HOSTED])),
)
ALL = tuple([(f"{group}.{one[0].__name__}", group, one) for group, rows in _NAMED for one in rows])


async def log_of(name: str) -> "list[str]":
    """Run one by its name; what the unit did, line by line."""
    for row, group, (scenario, code) in ALL:
        if row == name:
            chair = await scenario()
            log = await chair.end()
            if group == "fault":
                assert code in chair.latched, (name, chair.latched)
            elif group == "refusal":
                assert code in chair.refused, (name, chair.refused)
            return log
    raise ValueError(name)
