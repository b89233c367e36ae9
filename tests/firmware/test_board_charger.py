# Charger and bleed on the stand-in chip: the bank reaches its set point, the two never work against
# each other, a wrong set point is trimmed, and an over-voltage cuts.
import rig
from firmware.board.charger import OVER_MV
from firmware.board.pins import GP_BLEED_OPEN, GP_CHARGER_ON
from firmware.wire.limits import BANK_TOLERANCE_PM, V_FULL_MV
from tests.firmware.chip_bench import Parts, pass_us


def _charge(parts: Parts, target_mv: int) -> None:
    parts.charger.set_bleed(False)
    parts.charger.set_target(target_mv)


def _is_within(target_mv: int) -> bool:
    return abs(rig.bank_mv() - target_mv) * 1000 <= target_mv * BANK_TOLERANCE_PM


def test_bank_reaches_every_level_and_bleeds_to_nothing() -> None:
    for pct in (5, 30, 70, 100):
        parts = Parts()
        target_mv = V_FULL_MV * pct // 100
        _charge(parts, target_mv)
        parts.charge_for(1000000)
        assert _is_within(target_mv), pct
        parts.charger.set_target(0)
        parts.charger.set_bleed(True)
        assert not rig.net(GP_CHARGER_ON).level_at(rig.now_cycles())
        pass_us(2000000)
        assert rig.bank_mv() < 90000
        assert rig.the().both_on_since < 0


def test_charger_and_bleed_are_never_on_together_whatever_is_asked() -> None:
    parts = Parts()
    _charge(parts, 900000)
    for step in range(60):
        parts.charger.set_bleed(step % 3 == 0)
        if step % 7 == 0:
            parts.charger.set_target(300000 + step * 20000)
        parts.charge_for(10000 * (step % 5))
    assert rig.the().both_on_since < 0


def test_rig_notices_charger_and_bleed_together() -> None:
    parts = Parts()
    parts.charger._on.value(1)  # planted: the relay still bleeds
    assert rig.the().both_on_since >= 0


def test_charger_waits_for_the_relay_to_let_go() -> None:
    parts = Parts()
    _charge(parts, 900000)
    parts.charge_for(20000)
    assert not parts.charger.is_on()
    parts.charge_for(20000)
    assert parts.charger.is_on()


def test_bleed_asked_for_above_the_target_pauses_the_charger_and_goes_on_after() -> None:
    parts = Parts()
    _charge(parts, 900000)
    parts.charge_for(600000)
    rig.set_bank_mv(1200000)
    parts.charger.set_bleed(True)
    parts.charge_for(50000)
    assert not parts.charger.is_on()
    assert parts.charger.target_mv == 900000
    parts.charge_for(150000)
    parts.charger.set_bleed(False)
    parts.charge_for(600000)
    assert parts.charger.is_on()
    assert _is_within(900000)


def test_wrong_set_point_is_trimmed_within_its_bound() -> None:
    for gain_pm in (975, 985, 1000):
        parts = Parts()
        rig.the().faults.charger_gain_pm = gain_pm
        _charge(parts, 1260000)
        parts.charge_for(2000000)
        assert abs(rig.bank_mv() - 1260000) < 5000, (gain_pm, rig.bank_mv())


def test_gross_error_of_the_set_point_is_not_hidden() -> None:
    parts = Parts()
    rig.the().faults.charger_gain_pm = 900
    _charge(parts, 1260000)
    parts.charge_for(3000000)
    assert not _is_within(1260000)


def test_trim_waits_while_pulses_take_charge_out() -> None:
    parts = Parts()
    parts.pulses.last = 1  # never quiet
    rig.the().faults.charger_gain_pm = 985
    _charge(parts, 1260000)
    parts.charge_for(2000000)
    assert 1230000 < rig.bank_mv() < 1250000


def test_charger_pauses_above_its_target() -> None:
    parts = Parts()
    _charge(parts, 900000)
    parts.charge_for(600000)
    rig.set_bank_mv(940000)
    parts.charge_for(20000)
    assert not parts.charger.is_on()
    rig.set_bank_mv(899000)
    parts.charge_for(20000)
    assert parts.charger.is_on()


def test_over_voltage_opens_the_charger_bleeds_and_stays() -> None:
    parts = Parts()
    _charge(parts, V_FULL_MV)
    parts.charge_for(1000000)
    rig.set_bank_mv(OVER_MV + 20000)
    parts.charge_for(20000)
    assert parts.charger.is_over
    parts.charge_for(500000)
    assert rig.bank_mv() < 900000
    parts.charger.set_bleed(False)
    parts.charge_for(100000)
    assert not rig.net(GP_BLEED_OPEN).level_at(rig.now_cycles())
    _charge(parts, 600000)
    parts.charge_for(1500000)
    assert _is_within(600000)
    assert rig.the().both_on_since < 0


def test_target_beyond_the_hardware_is_held_at_it() -> None:
    parts = Parts()
    _charge(parts, 3000000)
    assert parts.charger.target_mv == V_FULL_MV
    parts.charger.set_target(-5)
    assert parts.charger.target_mv == 0


def test_dead_charger_stays_below() -> None:
    parts = Parts()
    rig.the().faults.is_charger_dead = True
    _charge(parts, 900000)
    parts.charge_for(500000)
    assert rig.bank_mv() == 0
