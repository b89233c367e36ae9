# The whole device from the outside: how it starts, whom it obeys, and what Arm, Confirm and
# FireTrain do. Each safety test says which planted bug it would catch.
from firmware.core.bounds import (
    CONFIRM_US_MAX,
    SELF_TEST_US_MAX,
)
from firmware.core.device import Device
from firmware.wire.codes import (
    ARMED,
    F_BANK_VOLTAGE,
    F_INPUT_STALE,
    F_INTERNAL,
    F_LEDGER,
    F_LINK_LOST,
    F_SURFACE_HOT,
    OK,
    READY,
    REJ_INTERLOCK,
    REJ_LENGTH,
    REJ_SEQUENCE,
    REJ_STATE,
    REJ_TOKEN,
    REJ_UNKNOWN,
    REJ_VERSION,
    SELF_TEST,
    STANDBY,
)
from firmware.wire.commands import (
    Arm,
    Charge,
    ClearFault,
    Confirm,
    Discharge,
    FireTrain,
    Heartbeat,
    Hello,
    ReadLedger,
    Stop,
)
from firmware.wire.framing import Decoder, encode
from firmware.wire.limits import (
    HEARTBEAT_MS_MAX,
    SURFACE_C10_MAX,
)
from firmware.wire.protocol import PROTOCOL_VERSION, decode
from firmware.wire.reports import ArmEcho, Identity, Status
from firmware.wire.seal import SEAL_BYTES
from tests.firmware.bench import (
    ITBS_600,
    TEN_HZ_80,
    Bench,
    arm_of,
    configure_of,
)
from tests.firmware.chance import Chance, sized
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control
from tests.firmware.states import REACHABLE, in_state, is_safe

pytestmark = control("command-numbers")


def test_states_of_the_bench_are_what_they_say() -> None:
    for state in REACHABLE:
        assert in_state(state).state() == state


def test_boot_closes_every_output_before_anything_else() -> None:
    hal = FakeHal()
    hal.is_bleeding = False
    hal.target_mv = 1000000
    hal.gate_until_us = 1000000
    hal.queue = [500]
    bench = Bench(hal)
    assert is_safe(bench)


def test_boot_is_over_before_the_first_byte_is_looked_at() -> None:
    device = Device(FakeHal(), 0)
    device.on_bytes(0, encode(Heartbeat.TYPE, 1, Heartbeat(beat=1).pack()))
    told = [decode(kind, payload)[0] for kind, _, payload in Decoder().feed(device.take_output())]
    assert [status.state for status in told if isinstance(status, Status)] == [SELF_TEST] * 2


def test_boot_with_charged_bank_bleeds_before_standby() -> None:
    bench = in_state(SELF_TEST)
    bench.run_ms(200)
    assert bench.state() == SELF_TEST
    bench.run_to_state(STANDBY)
    assert bench.hal.millivolts <= 90000


def test_boot_that_cannot_finish_its_self_test_latches_why() -> None:
    for bleed_rate, is_sampling, fault in ((0, True, F_BANK_VOLTAGE), (3000, False, F_INPUT_STALE)):
        bench = Bench()
        bench.hal.millivolts = 1000000
        bench.hal.bleed_rate = bleed_rate
        bench.is_sampling = is_sampling
        bench.run_ms(SELF_TEST_US_MAX // 1000 + 100)
        assert bench.faults() == [fault]


def test_boot_too_hot_latches_instead_of_passing_its_self_test() -> None:
    bench = in_state(SELF_TEST)
    bench.hal.surface = SURFACE_C10_MAX
    bench.run_ms(1000)
    assert bench.faults() == [F_SURFACE_HOT]


def test_boot_with_gate_reading_on_latches_internal() -> None:
    hal = FakeHal()
    hal.is_gate_stuck = True
    bench = Bench(hal)
    bench.run_ms(100)
    assert bench.faults() == [F_INTERNAL]


def test_boot_with_damaged_ledger_latches_and_counts_as_lower_bound() -> None:
    bench = Bench(FakeHal(b"rubbish"))
    bench.send(Hello(protocol=PROTOCOL_VERSION))
    bench.run_ms(500)
    assert bench.faults() == [F_LEDGER]
    assert bench.ask(ReadLedger()).is_valid == 0
    assert bench.ask(ClearFault(fault=F_LEDGER)).code == OK
    bench.run_to_state(STANDBY)


def test_unidentified_edge_gets_identity_status_ledger_and_stop_only() -> None:
    bench = Bench()
    bench.run_to_state(STANDBY)
    for hello in (None, Hello(protocol=PROTOCOL_VERSION ^ 1)):
        if hello is not None:
            identity = bench.ask(hello)
            assert isinstance(identity, Identity)
            assert identity.protocol == PROTOCOL_VERSION
            assert (identity.unit_id, identity.boot_epoch) == (b"TEST\0\0\0\0", 7)
        assert bench.ask(Heartbeat(beat=bench.next_beat())).state == STANDBY
        assert bench.ask(ReadLedger()).is_valid == 1
        assert bench.ask(Stop()).code == OK
        refused = bench.ask(configure_of())
        assert (refused.code, refused.detail) == (REJ_VERSION, PROTOCOL_VERSION)


def test_heartbeats_of_a_foreign_version_are_no_sign_of_life() -> None:
    bench = in_state(READY)
    bench.send(Hello(protocol=1))
    bench.run_ms(HEARTBEAT_MS_MAX)
    assert bench.faults() == [F_LINK_LOST]


def test_unknown_type_wrong_length_and_echo_change_nothing() -> None:
    bench = in_state(READY)
    mark = len(bench.reports)
    bench.send_bytes(encode(0x7F, 900, b""))
    bench.send_bytes(encode(Charge.TYPE, 901, b"too long"))
    answers = bench.reports[mark:]
    assert [(a.command, a.code, a.detail) for a in answers] == [
        (0x7F, REJ_UNKNOWN, 0),
        (Charge.TYPE, REJ_LENGTH, 1 + SEAL_BYTES),
    ]
    mark = len(bench.reports)
    bench.send_bytes(encode(0x82, 902, bytes(Status.size())))
    assert len(bench.reports) == mark
    assert bench.state() == READY


def test_garbage_is_survived_and_counted() -> None:
    bench = in_state(READY)
    chance = Chance(11)
    for _ in range(sized(300, 30)):
        bench.send_bytes(chance.blob(1 + chance.below(200)))
    bench.send_bytes(b"\x00")
    bench.run_ms(100)
    assert bench.state() == READY
    assert bench.status().bad_frames > 5


def test_repeated_command_is_answered_alike_and_done_once() -> None:
    # Catches: firing twice when an answer was lost.
    bench = in_state(ARMED)
    fire = FireTrain(
        token=bench.token,
        train_index=0,
        first_pulse=0,
        pulse_count=1,
        start_us=bench.now_us + 50000,
    )
    first = bench.ask(fire, 5000)
    assert first.code == OK
    again = bench.ask(fire, 5000)
    assert (again.code, again.detail) == (first.code, first.detail)
    bench.run_ms(200)
    assert len(bench.hal.pulses) == 1
    later = bench.ask(fire, 5000)
    assert later.detail == first.detail
    bench.run_ms(200)
    assert len(bench.hal.pulses) == 1


def test_old_command_number_is_refused_and_changes_nothing() -> None:
    bench = in_state(READY)
    answer = bench.ask(Discharge(), 1)
    assert (answer.command, answer.code) == (Discharge.TYPE, REJ_SEQUENCE)
    assert bench.state() == READY


def test_repeated_arm_is_silent_until_the_echo_and_then_the_same() -> None:
    bench = in_state(READY)
    arm = arm_of(ITBS_600, 2)
    assert bench.ask(arm, 4000) is None
    assert bench.ask(arm, 4000) is None
    bench.run_ms(20)
    echoes = bench.of(ArmEcho)
    assert len(echoes) == 1
    again = bench.ask(arm, 4000)
    assert again.token == echoes[0].token
    assert again.plan_sha256 == arm.plan_sha256


def test_echo_tells_everything_that_was_understood() -> None:
    bench = in_state(READY)
    arm = arm_of(ITBS_600, 2)
    echo = bench.ask_arm(arm)
    for name in Arm.FIELDS:
        assert getattr(echo, name) == getattr(arm, name), name
    assert echo.token != 0
    assert bench.status().token == echo.token


def test_echo_of_a_foreign_fingerprint_has_its_own_and_no_token() -> None:
    # Catches: echoing back the edge's own hash.
    bench = in_state(READY)
    echo = bench.ask_arm(arm_of(ITBS_600, 2, plan_sha256=bytes(32)))
    assert echo.plan_sha256 == arm_of(ITBS_600, 2).plan_sha256
    assert echo.token == 0
    assert bench.ask(Confirm(token=0)).code == REJ_TOKEN
    assert bench.hal.saves == []


def test_token_of_an_echo_dies_with_use_age_and_state() -> None:
    bench = in_state(READY)
    echo = bench.ask_arm(arm_of(TEN_HZ_80, 1))
    bench.run_ms(CONFIRM_US_MAX // 1000)
    assert bench.ask(Confirm(token=echo.token)).code == REJ_TOKEN
    assert bench.status().token == 0

    echo = bench.ask_arm(arm_of(TEN_HZ_80, 1))
    assert bench.ask(Confirm(token=echo.token)).code == OK
    assert bench.ask(Confirm(token=echo.token)).code == REJ_STATE

    bench = in_state(READY)
    echo = bench.ask_arm(arm_of(TEN_HZ_80, 1))
    bench.charged(60)
    assert bench.ask(Confirm(token=echo.token)).code == REJ_TOKEN


def test_refused_fire_leaves_the_token_valid_and_accepted_fire_uses_it_up() -> None:
    bench = in_state(ARMED)
    token = bench.token
    assert bench.fire(9, 0, 1, bench.now_us + 100000).code != OK
    assert bench.status().token == token
    bench.token = token ^ 1
    assert bench.fire(0, 0, 1, bench.now_us + 100000).code == REJ_TOKEN
    bench.token = token
    assert bench.fire(0, 0, 1, bench.now_us + 100000).code == OK
    bench.run_ms(200)
    bench.token = token
    assert bench.fire(0, 1, 1, bench.now_us + 100000).code == REJ_TOKEN


def test_token_is_never_zero_and_never_the_one_before() -> None:
    bench = in_state(READY)
    setattr(bench.hal, "random_u32", lambda: 0)  # noqa: B010
    first = bench.ask_arm(arm_of(TEN_HZ_80, 1)).token
    second = bench.ask(Confirm(token=first)).detail
    assert 0 not in (first, second)
    assert first != second
    bench = in_state(READY)
    setattr(bench.hal, "random_u32", lambda: 5)  # noqa: B010
    first = bench.ask_arm(arm_of(TEN_HZ_80, 1)).token
    second = bench.ask(Confirm(token=first)).detail
    assert 0 not in (first, second)
    assert first != second


def test_arm_overtaken_by_discharge_is_refused() -> None:
    bench = in_state(READY)
    mark = len(bench.reports)
    bench.send(arm_of(ITBS_600, 2))
    bench.send(Discharge())
    codes = [(r.command, r.code) for r in bench.reports[mark:] if r.TYPE == 0x83]
    assert codes == [(Arm.TYPE, REJ_STATE), (Discharge.TYPE, OK)]
    bench.run_ms(100)
    assert bench.of(ArmEcho) == []


def test_confirm_with_a_gate_that_does_not_close_stays_ready() -> None:
    bench = in_state(READY)
    echo = bench.ask_arm(arm_of(TEN_HZ_80, 1))
    bench.hal.is_gate_dead = True
    assert bench.ask(Confirm(token=echo.token)).code == REJ_INTERLOCK
    assert bench.state() == READY
    assert bench.ask(Confirm(token=echo.token)).code == REJ_TOKEN
