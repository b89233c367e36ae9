# Every part of the core as it is when nothing has happened yet: unknown, empty, off, never heard. A
# starting value that is the good case would be believed before anybody looked.
from firmware.core.arming import Arming
from firmware.core.authority import Authority
from firmware.core.bounds import HEARTBEAT_MARGIN_US, OVERDUE_US, QUIET_US
from firmware.core.counters import NO_SESSION, Counters
from firmware.core.device import Device
from firmware.core.dispatcher import Dispatcher
from firmware.core.envelope import Situation
from firmware.core.gate import Gate
from firmware.core.heat import Heat, Sensor
from firmware.core.interlocks import Interlocks
from firmware.core.machine import Machine
from firmware.core.outbox import Outbox
from firmware.core.power import Power
from firmware.core.pulser import Pulser
from firmware.core.sequence import Sequence
from firmware.core.settings import Settings
from firmware.core.staging import Staging
from firmware.core.unit import Unit
from firmware.core.watchdogs import ChargedWatch, HeartbeatWatch, HostWatch, Hunger
from firmware.wire.codes import BOOT, ENDED_COMPLETE, F_NONE, INPUT_BITS, SENSOR_NONE
from firmware.wire.framing import Decoder
from firmware.wire.limits import (
    HEARTBEAT_MS_MAX,
    IPI_US_MIN,
    LEVEL_PCT_MAX,
    PERIOD_US_MAX,
    SESSION_PULSES_MAX,
    SURFACE_C10_MAX,
    TRAIN_PULSES_MAX,
    WINDING_C10_MAX,
)
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control

pytestmark = control("mcu-limits")

NOW = 7000000


def _holds(thing: object, **expected: object) -> None:
    for name in sorted(expected):
        found = getattr(thing, name)
        assert found == expected[name], name
        assert type(found) is type(expected[name]), name  # 0 is not False here


def test_interlocks_start_open_unknown_and_never_sampled() -> None:
    _holds(
        Interlocks(),
        closed=0,
        known=0,
        _closing=0,
        _closing_since_us=[0] * len(INPUT_BITS),
        _sampled_us=-1,
    )


def test_gate_starts_as_never_lost_and_due_for_food() -> None:
    _holds(Gate(FakeHal()), _lost_us=-1, feed_due_us=0)


def test_situation_starts_as_one_that_refuses() -> None:
    _holds(
        Situation(),
        now_us=0,
        state=BOOT,
        first_fault=0,
        is_identified=False,
        unit_level_pct_max=0,
        inputs_fitted=0,
        unsafe_inputs=0,
        is_cool=False,
        is_alive=False,
        is_arming=False,
        is_settling=False,
        charged_level_pct=0,
        token=0,
        plan=None,
        pulses_total=0,
        session_id=NO_SESSION,
        session_pulses=0,
        is_ledger_valid=False,
        last_pulse_us=-1,
        armed_pulse_us=-1,
        timing_ipi_us_min=PERIOD_US_MAX,
        is_staging=False,
        is_starving=True,
        is_face_still=True,
        is_winding_still=True,
        faults=[],
        faults_with_cause=[],
    )
    assert type(Situation().settings) is Settings


def test_settings_start_at_the_limits_of_the_hardware_and_as_not_configured() -> None:
    _holds(
        Settings(),
        settings_hash=0,
        level_pct_max=LEVEL_PCT_MAX,
        ipi_us_min=IPI_US_MIN,
        train_pulses_max=TRAIN_PULSES_MAX,
        session_pulses_max=SESSION_PULSES_MAX,
        surface_c10_max=SURFACE_C10_MAX,
        winding_c10_max=WINDING_C10_MAX,
        heartbeat_ms_max=HEARTBEAT_MS_MAX,
        inputs_required=0,
    )


def test_sensor_starts_without_a_value() -> None:
    _holds(
        Sensor(),
        value_c10=SENSOR_NONE,
        is_slewing=False,
        is_frozen=False,
        _moved_us=-1,
        _recent=[],
        _bad=0,
        _raw_c10=SENSOR_NONE,
        _still_us=0,
        _window_c10=SENSOR_NONE,
        _window_us=0,
        _window_left=0,
        _slewed_us=0,
    )


def test_heat_starts_unknown_under_the_limits_of_the_hardware() -> None:
    heat = Heat()
    _holds(
        heat,
        surface_c10_max=SURFACE_C10_MAX,
        winding_c10_max=WINDING_C10_MAX,
        is_cooled=True,
        is_pair_odd=False,
        _rest_us=0,
        _proved=None,
        _proof_c10=0,
        _proof_left=0,
    )
    assert not heat.is_known()


def test_arming_starts_with_nothing_that_could_be_confirmed() -> None:
    _holds(
        Arming(FakeHal()),
        plan=None,
        pulses_total=0,
        _token=0,
        _expires_us=-1,
        _command=None,
        _hash=None,
        _reply=None,
    )


def test_pulser_starts_without_a_train() -> None:
    pulser = Pulser(FakeHal())
    _holds(
        pulser,
        is_active=False,
        train_index=0,
        first_pulse=0,
        asked=0,
        emitted=0,
        cut=0,
        refused=0,
        delivered=0,
        first_us=0,
        last_us=0,
        last_amplitude_pm=0,
        ended=ENDED_COMPLETE,
        fault=F_NONE,
        _is_ending=False,
        _base_us=0,
        _next=0,
        _beyond=0,
        _next_at_us=0,
        _expected_pm=0,
        _waiting=[],
        _loud_us=-QUIET_US,
    )
    assert pulser._plan.pulses == 1
    assert pulser._plan.levels == ((1, 0),) * 4
    assert pulser._plan.train_levels == 1


def test_counters_start_empty_and_valid() -> None:
    _holds(
        Counters(),
        session_id=NO_SESSION,
        session_pulses=0,
        train_index=0,
        train_next_pulse=0,
        lifetime_pulses=0,
        is_valid=True,
    )


def test_watches_start_with_nothing_heard() -> None:
    _holds(
        HeartbeatWatch(),
        silence_us_max=HEARTBEAT_MS_MAX * 1000 - HEARTBEAT_MARGIN_US,
        _beat=-1,
        _heard_us=-1,
    )
    _holds(ChargedWatch(), _since_us=0)
    _holds(HostWatch(), _since_us=-1)
    _holds(Hunger(), _until_us=-1)


def test_power_starts_open_with_the_bank_as_it_is_found() -> None:
    hal = FakeHal()
    hal.millivolts = 12345
    _holds(
        Power(hal),
        level_pct=0,
        bank_mv=12345,
        bad_samples=0,
        _target_mv=0,
        _is_bleeding=False,
        _settled_us=0,
    )


def test_line_starts_with_nobody_identified_and_nothing_kept() -> None:
    _holds(Sequence(), last_command=0, _kept=[])
    _holds(Outbox(), is_overrun=False, _ranks=[], _frames=[], _seq=0)
    _holds(Machine(), state=BOOT, faults=[])
    hal = FakeHal()
    _holds(Authority(hal, 9), refused=0, forged=0, boot_epoch=9, challenge=1001, _counter=0)
    outbox = Outbox()
    dispatcher = Dispatcher(Unit(hal, NOW, outbox), outbox, Decoder())
    _holds(dispatcher, foreign_frames=0, _is_identified=False, _hello_seq=-1, _arm_seq=0)


def test_device_starts_overdue_and_with_nothing_told() -> None:
    _holds(
        Device(FakeHal(), NOW),
        _wake_us=NOW - OVERDUE_US - 1,
        _told_state=-1,
        _told_faults=0,
        _told_inputs=-1,
        _told_us=NOW,
    )


def test_staging_starts_without_an_image() -> None:
    _holds(
        Staging(FakeHal()),
        is_busy=False,
        _restart_us=-1,
        _lines=[],
        _bytes=0,
        _name="",
        _size=0,
        _received=0,
        _digest=b"",
        _hash=None,
    )


def test_unit_starts_with_every_output_off_and_nothing_delivered() -> None:
    hal = FakeHal()
    hal.is_bleeding = False
    hal.target_mv = 1000
    unit = Unit(hal, NOW, Outbox())
    _holds(
        unit,
        boot_epoch=7,
        last_pulse_us=-1,
        armed_pulse_us=-1,
        _entered_us=NOW,
        _sensors_due_us=NOW,
        _charge_due_us=NOW,
        _stalled_us=-1,
        _must_save=False,
    )
    assert (hal.target_mv, hal.is_bleeding, hal.gate_is_on()) == (0, True, False)
