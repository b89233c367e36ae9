# What the edge and the envelope are told is what the unit's parts hold: every field of every report
# has a value of its own here, so that none can be mixed up or left out.
from firmware.core.authority import Authority
from firmware.core.bounds import CONFIRM_US_MAX, PROVE_STILL_US
from firmware.core.outbox import Outbox
from firmware.core.snapshot import (
    VERSION_MAJOR,
    VERSION_MINOR,
    VERSION_PATCH,
    identity_of,
    ledger_of,
    situation_of,
    status_of,
)
from firmware.core.unit import Unit
from firmware.wire.codes import (
    ARMED,
    F_DOOR,
    F_ESTOP,
    F_LINK_LOST,
    FAULTS,
    IN_DOOR,
    IN_ESTOP,
    INPUTS_ALL,
    SLOT_A,
)
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity, Ledger, Status
from tests.firmware.bench import SESSION_A, TEN_HZ_80, arm_of, configure_of
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control

pytestmark = [control("dose-ledger"), control("mcu-limits")]

NOW = 123456789


# Unit, boot epoch, reset cause, simulated, timing class, coil, its type, level, inputs.
WHO = (b"UNIT0001", 7, 3, 0, 2, b"COIL0009", 4, 88, INPUTS_ALL & ~IN_ESTOP)


def _unit() -> Unit:
    hal = FakeHal()
    setattr(hal, "identity", lambda: WHO)  # noqa: B010
    hal.ipi_us_min = 9500
    hal.lateness_us = 31
    hal.self_test_bits = 2
    hal.running_image = (SLOT_A, b"IMAGE\0\0\1", 1)
    unit = Unit(hal, NOW, Outbox())
    unit.machine.state = ARMED
    unit.machine.faults = [F_DOOR, F_ESTOP]
    unit.inputs.closed = 0x15
    unit.inputs.known = 0x17
    unit.heat.surface.value_c10 = 311
    unit.heat.winding.value_c10 = 322
    unit.power.bank_mv = 777000
    unit.power.level_pct = 43
    unit.settings.apply(configure_of(settings_hash=0x5151))
    unit.pulser.train_index = 6
    unit.pulser.delivered = 29
    unit.pulser.last_amplitude_pm = 433
    unit.counters.session_id = SESSION_A
    unit.counters.session_pulses = 209
    unit.counters.train_index = 5
    unit.counters.train_next_pulse = 30
    unit.counters.lifetime_pulses = 900209
    unit.arming.begin(arm_of(TEN_HZ_80, 1))
    unit.arming._token = 0xABCD
    return unit


def _same(report: object, **expected: object) -> None:
    for name in sorted(expected):
        found = getattr(report, name)
        assert found == expected[name], name
        assert type(found) is type(expected[name]), name


def test_identity_tells_every_field_of_the_hardware() -> None:
    _same(
        identity_of(_unit(), 0x77),
        protocol=PROTOCOL_VERSION,
        challenge=0x77,
        version_major=VERSION_MAJOR,
        version_minor=VERSION_MINOR,
        version_patch=VERSION_PATCH,
        unit_id=b"UNIT0001",
        boot_epoch=7,
        reset_cause=3,
        is_simulated=0,
        timing_class=2,
        coil_serial=b"COIL0009",
        coil_type=4,
        level_pct_max=88,
        inputs_fitted=INPUTS_ALL & ~IN_ESTOP,
        ipi_us_min=9500,
        lateness_us=31,
        slot=SLOT_A,
        image_hash=b"IMAGE\0\0\1",
        is_trial=1,
        self_test=2,
    )
    assert len(Identity.FIELDS) == 20


def test_status_tells_every_part_of_the_unit() -> None:
    unit = _unit()
    authority = Authority(unit.hal, 7)
    authority.refused, authority.forged = 12, 11
    status = status_of(unit, NOW, 55, 66, 99, authority)
    _same(
        status,
        echo_beat=55,
        mcu_us=NOW,
        boot_epoch=7,
        state=ARMED,
        fault=F_DOOR,
        fault_bits=1 << FAULTS.index(F_DOOR) | 1 << FAULTS.index(F_ESTOP),
        inputs=0x15,
        inputs_known=0x17,
        surface_c10=311,
        winding_c10=322,
        bank_mv=777000,
        level_pct_mso=43,
        settings_hash=0x5151,
        train_index=6,
        train_pulses=29,
        session_pulses=209,
        lifetime_pulses=900209,
        token=0xABCD,
        echo_seq=66,
        amplitude_pm=433,
        bad_frames=99,
        refused=12,
        forged=11,
    )
    assert len(Status.FIELDS) == 23
    for bank_mv, told_mv in ((-1, 0), (0, 0), (1, 1)):
        unit.power.bank_mv = bank_mv
        assert status_of(unit, NOW, 0, 0, 0, authority).bank_mv == told_mv


def test_status_tells_no_token_that_is_too_old() -> None:
    unit = _unit()
    unit.arming._expires_us = NOW + CONFIRM_US_MAX
    authority = Authority(unit.hal, 7)
    assert status_of(unit, NOW + CONFIRM_US_MAX - 1, 0, 0, 0, authority).token == 0xABCD
    assert status_of(unit, NOW + CONFIRM_US_MAX, 0, 0, 0, authority).token == 0


def test_ledger_tells_every_count_and_whether_it_is_exact() -> None:
    unit = _unit()
    for is_valid in (True, False):
        unit.counters.is_valid = is_valid
        _same(
            ledger_of(unit),
            session_id=SESSION_A,
            session_pulses=209,
            train_index=5,
            train_next_pulse=30,
            lifetime_pulses=900209,
            is_valid=int(is_valid),
        )
    assert len(Ledger.FIELDS) == 6


def test_situation_holds_every_part_of_the_unit() -> None:
    unit = _unit()
    unit.pulser.is_active = True
    unit.staging.is_busy = True
    unit.last_pulse_us, unit.armed_pulse_us = 8000, 7000
    unit.inputs.closed = unit.inputs.known = INPUTS_ALL & ~IN_DOOR
    unit.hunger.begin(NOW)
    unit.heat.surface._moved_us, unit.heat.winding._moved_us = NOW - PROVE_STILL_US, NOW
    for is_identified in (True, False):
        situation = situation_of(unit, NOW, is_identified)
        _same(
            situation,
            now_us=NOW,
            state=ARMED,
            first_fault=F_DOOR,
            is_identified=is_identified,
            settings=unit.settings,
            unit_level_pct_max=88,
            inputs_fitted=INPUTS_ALL & ~IN_ESTOP,
            unsafe_inputs=IN_DOOR,
            is_cool=True,
            is_alive=False,
            is_arming=True,
            is_settling=True,
            charged_level_pct=43,
            token=0xABCD,
            plan=unit.arming.plan,
            pulses_total=80,
            session_id=SESSION_A,
            session_pulses=209,
            is_ledger_valid=True,
            last_pulse_us=8000,
            armed_pulse_us=7000,
            timing_ipi_us_min=9500,
            is_staging=True,
            is_starving=True,
            is_face_still=True,
            is_winding_still=False,
            faults=[F_DOOR, F_ESTOP],
            faults_with_cause=[F_DOOR],
        )


def test_situation_of_the_other_case_of_every_yes_and_no() -> None:
    unit = _unit()
    unit.heat.surface.value_c10 = unit.heat.surface_c10_max
    unit.beats.hear(NOW, 1)
    unit.heat.surface._moved_us, unit.heat.winding._moved_us = NOW, NOW - PROVE_STILL_US
    unit.arming._hash = None
    unit.counters.is_valid = False
    unit.pulser.is_active = False
    situation = situation_of(unit, NOW, True)
    _same(
        situation,
        is_cool=False,
        is_alive=True,
        is_arming=False,
        is_settling=False,
        is_ledger_valid=False,
        is_staging=False,
        is_starving=False,
        is_face_still=False,
        is_winding_still=True,
    )
    unit.arming._expires_us = NOW + 5
    assert situation_of(unit, NOW + 4, True).token == 0xABCD
    assert situation_of(unit, NOW + 5, True).token == 0
    unit.machine.faults = [F_LINK_LOST]
    silence_us = unit.beats.silence_us_max
    assert situation_of(unit, NOW + silence_us - 1, True).faults_with_cause == []
    assert situation_of(unit, NOW + silence_us, True).faults_with_cause == [F_LINK_LOST]
    assert situation_of(unit, NOW + silence_us - 1, True).is_alive
    assert not situation_of(unit, NOW + silence_us, True).is_alive
