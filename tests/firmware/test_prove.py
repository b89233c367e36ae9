# Parts of the safety test that the controller does itself: a trip on a limit just below the
# reading, and a watchdog that is not fed. At rest only, sealed; the unit is as before. Portable.
from firmware.core.bounds import PROVE_BELOW_C10, PROVE_STILL_US, STARVE_US
from firmware.core.envelope import judge_command
from firmware.core.heat import Heat
from firmware.wire.codes import (
    F_SENSOR_FROZEN,
    F_SURFACE_HOT,
    F_WINDING_HOT,
    FAULT,
    OK,
    REJ_CAUSE,
    REJ_HOT,
    REJ_MAC,
    REJ_NOT_CONFIGURED,
    REJ_RANGE,
    REJ_STATE,
    REJ_UPDATING,
    STANDBY,
)
from firmware.wire.commands import (
    PROVE_SURFACE,
    PROVE_WATCHDOG,
    PROVE_WINDING,
    Charge,
    ClearFault,
    Prove,
)
from firmware.wire.limits import ADC_PERIOD_US, SURFACE_C10_MAX, WINDING_C10_MAX
from tests.firmware.bench import Bench
from tests.firmware.marks import control
from tests.firmware.situations import good
from tests.firmware.states import in_state

pytestmark = control("morning-test")

TRIPS = ((PROVE_SURFACE, F_SURFACE_HOT), (PROVE_WINDING, F_WINDING_HOT))
CHARGE = Charge(level_pct_mso=3)
REST_MS = 300


def _asked(bench: Bench, part: int) -> "tuple[int, int]":
    answer = bench.ask(Prove(part=part))
    return answer.code, answer.detail


def test_trip_of_each_sensor_latches_its_fault_within_one_reading() -> None:
    for part, fault in TRIPS:
        bench = in_state(STANDBY)
        assert _asked(bench, part) == (OK, 0)
        bench.run_ms(ADC_PERIOD_US // 1000 + 7)
        status = bench.status()
        assert (status.state, status.fault) == (FAULT, fault)


def test_trip_leaves_the_unit_as_it_was() -> None:
    for part, fault in TRIPS:
        bench = in_state(STANDBY)
        _asked(bench, part)
        bench.run_ms(REST_MS)
        assert bench.ask(ClearFault(fault=fault)).code == OK
        bench.run_to_state(STANDBY)
        bench.run_ms(REST_MS)
        assert bench.status().fault_bits == 0
        assert bench.ask(CHARGE).code == OK


def test_limit_of_a_proof_lasts_for_one_reading_and_for_one_sensor() -> None:
    heat = Heat()
    for _ in range(5):
        heat.take(0, 250, 260, -1)
    heat.prove(heat.surface)
    heat.take(1, 250, 260, -1)
    assert heat.is_surface_hot()
    assert not heat.is_winding_hot()
    heat.take(2, 250, 260, -1)
    assert not heat.is_surface_hot()


def test_limit_of_a_proof_is_a_little_below_the_reading_and_never_above_the_limit() -> None:
    # Catches: a proof that would trip without any comparison, or that loosens a limit.
    heat = Heat()
    for _ in range(5):
        heat.take(0, 250, 260, -1)
    heat.prove(heat.surface)
    for _ in range(5):
        heat.surface.take(250 - PROVE_BELOW_C10 - 1, 1, False)
    assert not heat.is_surface_hot()
    for _ in range(5):
        heat.surface.take(SURFACE_C10_MAX + 50, 2, False)
        heat.winding.take(WINDING_C10_MAX, 2, False)
    heat.prove(heat.surface)
    for _ in range(5):
        heat.surface.take(SURFACE_C10_MAX, 3, False)
    assert heat.is_surface_hot()
    assert heat.is_winding_hot()


def test_sensor_that_stands_still_is_not_proved() -> None:
    # Catches: a fixed resistor or a frozen converter that passes the trip.
    for part, _ in TRIPS:
        bench = in_state(STANDBY)
        bench.hal.is_noiseless = True
        bench.run_ms(PROVE_STILL_US // 1000 + 100)
        assert _asked(bench, part) == (REJ_CAUSE, F_SENSOR_FROZEN)
        assert bench.state() == STANDBY


def test_sensor_never_read_counts_as_still() -> None:
    assert Heat().surface.is_still(0)


def test_hungry_watchdog_is_not_fed_and_nothing_is_charged() -> None:
    bench = in_state(STANDBY)
    assert _asked(bench, PROVE_WATCHDOG) == (OK, 0)
    fed = bench.hal.watchdog_feeds
    bench.run_ms(STARVE_US // 1000 - 100)
    assert bench.device.is_starving(bench.now_us)
    assert bench.hal.watchdog_feeds == fed
    assert bench.ask(CHARGE).code == REJ_UPDATING
    assert _asked(bench, PROVE_SURFACE)[0] == REJ_UPDATING
    assert bench.state() == STANDBY


def test_watchdog_that_never_bit_is_fed_again() -> None:
    bench = in_state(STANDBY)
    _asked(bench, PROVE_WATCHDOG)
    bench.run_ms(STARVE_US // 1000)
    fed = bench.hal.watchdog_feeds
    bench.run_ms(200)
    assert not bench.device.is_starving(bench.now_us)
    assert bench.hal.watchdog_feeds > fed
    assert bench.ask(CHARGE).code == OK


def test_proof_with_a_wrong_seal_does_nothing() -> None:
    bench = in_state(STANDBY)
    bench.challenge ^= 1
    assert _asked(bench, PROVE_WATCHDOG)[0] == REJ_MAC
    assert not bench.device.is_starving(bench.now_us)


def test_every_reason_against_a_proof_has_its_code() -> None:
    surface, watchdog = Prove(part=PROVE_SURFACE), Prove(part=PROVE_WATCHDOG)
    for part in (0, 4, 255):
        assert judge_command(Prove(part=part), good(STANDBY)) == (REJ_RANGE, 1)
    for name, value, command, code in (
        ("is_staging", True, watchdog, REJ_UPDATING),
        ("is_starving", True, watchdog, REJ_UPDATING),
        ("is_face_still", True, surface, REJ_CAUSE),
        ("is_face_still", True, Prove(part=PROVE_WINDING), OK),
        ("is_winding_still", True, Prove(part=PROVE_WINDING), REJ_CAUSE),
        ("is_winding_still", True, surface, OK),
        ("is_cool", False, surface, REJ_HOT),
        ("is_cool", False, watchdog, OK),
    ):
        situation = good(STANDBY)
        setattr(situation, name, value)
        assert judge_command(command, situation)[0] == code, (name, command.part)
    situation = good(STANDBY)
    situation.settings.settings_hash = 0
    assert judge_command(watchdog, situation) == (REJ_NOT_CONFIGURED, 0)


def test_proof_is_refused_wherever_the_bank_may_be_charged() -> None:
    for state in range(10):
        code = judge_command(Prove(part=PROVE_WATCHDOG), good(state))[0]
        assert (code == OK) == (state == STANDBY), (state, code)
        assert state in (STANDBY, FAULT) or code == REJ_STATE
