"""Invariants of one unit, judged from outside the product: 46 rules, one file each.

A rule looks at the plant's own record (hw_sim/recorder.py), which no product code can write, and at
Facts that people, screens, lines and the store told. Registry in order of their numbers, and check.
"""

from __future__ import annotations

from collections.abc import Sequence

from hw_sim.checkers import (
    i01_interlock_latches,
    i02_no_pulse_while_open,
    i03_both_enables,
    i04_heartbeat_fresh,
    i05_arm_confirm_fire,
    i06_amplitude_bounded,
    i07_bank_at_set_point,
    i08_interval_kept,
    i09_plan_kept,
    i10_count_bounded,
    i11_cool_enough,
    i12_never_too_hot,
    i13_sensor_invalid_is_safe,
    i14_stop_works,
    i15_hung_is_safe,
    i16_fault_stays,
    i17_boot_inactive,
    i18_no_glitch,
    i19_accounts_agree,
    i20_ordinals_contiguous,
    i21_at_clinic_once,
    i22_nothing_invented,
    i23_shown_is_kept,
    i24_tampering_is_found,
    i25_alarms_are_raised,
    i26_alarms_in_order,
    i27_pause_hides_nothing,
    i28_screen_never_lies,
    i29_shown_is_true,
    i30_one_in_control,
    i31_acts_have_names,
    i32_pin_budget,
    i33_forgery_moves_nothing,
    i34_only_signed,
    i35_right_patient,
    i36_order_stands_still,
    i37_wall_clock_moves_nothing,
    i38_stays_bounded,
    i39_back_in_time,
    i40_dose_is_ordered,
    i41_written_before_given,
    i42_comes_to_rest,
    i43_same_seed_same_run,
    i44_reactions_declared,
    i45_proved_before_given,
    i46_nobody_named,
)
from hw_sim.checkers.base import Checker, Violation
from hw_sim.checkers.facts import OFF_NS_MAX, Facts, Reported
from hw_sim.checkers.windows import gate_windows
from hw_sim.recorder import TruthRecorder

__all__ = [
    "CHECKERS",
    "OFF_NS_MAX",
    "Checker",
    "Facts",
    "Reported",
    "Violation",
    "check",
    "gate_windows",
    "judged",
]

CHECKERS: tuple[Checker, ...] = (
    i01_interlock_latches.CHECKER,
    i02_no_pulse_while_open.CHECKER,
    i03_both_enables.CHECKER,
    i04_heartbeat_fresh.CHECKER,
    i05_arm_confirm_fire.CHECKER,
    i06_amplitude_bounded.CHECKER,
    i07_bank_at_set_point.CHECKER,
    i08_interval_kept.CHECKER,
    i09_plan_kept.CHECKER,
    i10_count_bounded.CHECKER,
    i11_cool_enough.CHECKER,
    i12_never_too_hot.CHECKER,
    i13_sensor_invalid_is_safe.CHECKER,
    i14_stop_works.CHECKER,
    i15_hung_is_safe.CHECKER,
    i16_fault_stays.CHECKER,
    i17_boot_inactive.CHECKER,
    i18_no_glitch.CHECKER,
    i19_accounts_agree.CHECKER,
    i20_ordinals_contiguous.CHECKER,
    i21_at_clinic_once.CHECKER,
    i22_nothing_invented.CHECKER,
    i23_shown_is_kept.CHECKER,
    i24_tampering_is_found.CHECKER,
    i25_alarms_are_raised.CHECKER,
    i26_alarms_in_order.CHECKER,
    i27_pause_hides_nothing.CHECKER,
    i28_screen_never_lies.CHECKER,
    i29_shown_is_true.CHECKER,
    i30_one_in_control.CHECKER,
    i31_acts_have_names.CHECKER,
    i32_pin_budget.CHECKER,
    i33_forgery_moves_nothing.CHECKER,
    i34_only_signed.CHECKER,
    i35_right_patient.CHECKER,
    i36_order_stands_still.CHECKER,
    i37_wall_clock_moves_nothing.CHECKER,
    i38_stays_bounded.CHECKER,
    i39_back_in_time.CHECKER,
    i40_dose_is_ordered.CHECKER,
    i41_written_before_given.CHECKER,
    i42_comes_to_rest.CHECKER,
    i43_same_seed_same_run.CHECKER,
    i44_reactions_declared.CHECKER,
    i45_proved_before_given.CHECKER,
    i46_nobody_named.CHECKER,
)


def check(
    truth: TruthRecorder, facts: Facts, checkers: Sequence[Checker] = CHECKERS
) -> list[Violation]:
    """All violations, in order of time. Raises when the record is no longer whole."""
    if truth.dropped:
        raise ValueError(f"truth record dropped {truth.dropped} entries: nothing can be proved")
    found = [violation for checker in checkers for violation in checker.check(truth, facts)]
    return sorted(found, key=lambda violation: violation.at_ns)


def judged(facts: Facts, checkers: Sequence[Checker] = CHECKERS) -> tuple[str, ...]:
    """Ids of the rules that these facts let be judged, in order."""
    return tuple(checker.id for checker in checkers if checker.can_judge(facts))
