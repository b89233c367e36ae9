# Heartbeat, armed-idle and gate watches; power and ledger parts alone on the fake HAL.
from firmware.core.bounds import (
    BANK_BAD_SAMPLES,
    BANK_LOW_MV,
    BANK_SETTLE_US,
    GATE_CAUSE_US,
    HEARTBEAT_MARGIN_US,
    HOST_STUCK_US,
    STARVE_US,
)
from firmware.core.counters import COUNT_MAX, LEDGER_BYTES, NO_SESSION, Counters
from firmware.core.gate import Gate
from firmware.core.power import Power
from firmware.core.watchdogs import ChargedWatch, HeartbeatWatch, HostWatch, Hunger
from firmware.wire.limits import (
    GATE_FEED_US,
    GATE_LIFE_US,
    HEARTBEAT_MS_MAX,
    LEFT_CHARGED_MS_MAX,
)
from tests.firmware.bench import SESSION_A, SESSION_B
from tests.firmware.fake_hal import FakeHal
from tests.firmware.marks import control

pytestmark = control("heartbeat")


def test_heartbeat_never_heard_is_lost() -> None:
    watch = HeartbeatWatch()
    assert watch.is_lost(0)
    assert watch.due_us() == -1


def test_heartbeat_is_lost_before_the_bound_is_reached() -> None:
    # Catches: measuring the silence without the line's delay.
    watch = HeartbeatWatch()
    watch.hear(1000, 1)
    due_us = 1000 + HEARTBEAT_MS_MAX * 1000 - HEARTBEAT_MARGIN_US
    assert watch.due_us() == due_us
    assert not watch.is_lost(due_us - 1)
    assert watch.is_lost(due_us)


def test_heartbeat_repeated_or_old_is_no_sign_of_life() -> None:
    # Catches: a line that repeats old bytes keeping a dead edge alive.
    watch = HeartbeatWatch()
    watch.hear(0, 0xFFFFFFFF)
    watch.hear(100, 0xFFFFFFFF)
    watch.hear(100, 0xFFFFFFFE)
    watch.hear(100, 0x7FFFFFFF)
    assert watch.due_us() == watch.silence_us_max
    watch.hear(200, 0)
    watch.hear(250, 0)
    assert watch.due_us() == 200 + watch.silence_us_max
    watch.restart()
    watch.hear(300, 0)
    assert watch.due_us() == 300 + watch.silence_us_max


def test_heartbeat_bound_follows_the_configuration() -> None:
    watch = HeartbeatWatch()
    watch.allow_ms(200)
    watch.hear(0, 1)
    assert watch.due_us() == 200000 - HEARTBEAT_MARGIN_US


def test_heartbeat_at_the_first_microsecond_counts() -> None:
    # Catches: a time of zero taken for "never".
    watch = HeartbeatWatch()
    watch.hear(0, 1)
    assert not watch.is_lost(0)
    watch.forgive(1000)
    assert watch.due_us() == 1000 + watch.silence_us_max


def test_host_watch_counts_from_the_first_microsecond() -> None:
    watch = HostWatch()
    assert not watch.is_stuck(0, True)
    assert not watch.is_stuck(5, True)
    assert not watch.is_stuck(HOST_STUCK_US, True)
    assert watch.is_stuck(HOST_STUCK_US + 1, True)


def test_hunger_ends_at_its_time() -> None:
    hunger = Hunger()
    hunger.begin(0)
    assert hunger.lasts(STARVE_US - 1)
    assert not hunger.lasts(STARVE_US)


def test_charged_watch_ends_after_a_minute() -> None:
    watch = ChargedWatch()
    watch.restart(5)
    assert not watch.is_idle(4 + LEFT_CHARGED_MS_MAX * 1000)
    assert watch.is_idle(5 + LEFT_CHARGED_MS_MAX * 1000)


def test_gate_is_fed_in_time_and_not_more_often() -> None:
    hal = FakeHal()
    gate = Gate(hal)
    assert gate.arm(0)
    assert gate.next_wake_us() == GATE_FEED_US
    assert gate.work(1000)
    assert hal.feeds == 0
    hal.now_us = GATE_FEED_US
    assert gate.work(GATE_FEED_US)
    assert hal.feeds == 1
    assert hal.gate_until_us == GATE_FEED_US + GATE_LIFE_US


def test_gate_dropped_by_hardware_is_noticed_and_not_fed() -> None:
    # Catches: feeding on after the guard has latched off.
    hal = FakeHal()
    gate = Gate(hal)
    gate.arm(0)
    hal.drop_gate()
    hal.now_us = GATE_FEED_US
    assert not gate.work(GATE_FEED_US)
    assert hal.feeds == 0
    assert gate.next_wake_us() == GATE_FEED_US + GATE_CAUSE_US
    assert not gate.is_unexplained(GATE_FEED_US + GATE_CAUSE_US - 1)
    assert not gate.work(GATE_FEED_US + GATE_CAUSE_US)
    assert gate.is_unexplained(GATE_FEED_US + GATE_CAUSE_US)
    assert gate.arm(GATE_FEED_US + GATE_CAUSE_US)
    assert not gate.is_unexplained(GATE_FEED_US + 2 * GATE_CAUSE_US)


def test_gate_is_fed_as_early_as_promised_and_no_earlier() -> None:
    hal = FakeHal()
    gate = Gate(hal)
    gate.arm(0)
    early_us = GATE_FEED_US - 5000
    hal.now_us = early_us - 1
    assert gate.work(early_us - 1)
    assert hal.feeds == 0
    hal.now_us = early_us
    assert gate.work(early_us)
    assert hal.feeds == 1
    assert gate.next_wake_us() == early_us + GATE_FEED_US


def test_gate_lost_at_the_first_microsecond_counts_from_there() -> None:
    # Catches: a time of zero taken for "never".
    gate = Gate(FakeHal())
    assert not gate.work(0)
    assert gate.next_wake_us() == GATE_CAUSE_US
    assert not gate.is_unexplained(GATE_CAUSE_US - 1)
    assert not gate.work(10)
    assert gate.is_unexplained(GATE_CAUSE_US)


def test_gate_that_does_not_close_is_reported() -> None:
    hal = FakeHal()
    hal.is_gate_dead = True
    assert not Gate(hal).arm(0)


def _power(level_pct: int, bank_mv: int) -> "tuple[FakeHal, Power]":
    hal = FakeHal()
    power = Power(hal)
    power.discharge()
    power.charge_to(level_pct)
    hal.millivolts = bank_mv
    power.look()
    return hal, power


def test_power_tolerance_is_two_percent_of_the_set_point() -> None:
    # 60 percent is 1080 V; 2 percent of it 21.6 V.
    for bank_mv, is_within in (
        (1058400, True),
        (1101600, True),
        (1058399, False),
        (1101601, False),
        (0, False),
    ):
        assert _power(60, bank_mv)[1].is_within() == is_within, bank_mv


def test_power_going_down_bleeds_until_within() -> None:
    hal, power = _power(50, 1000000)
    assert hal.target_mv == 900000
    assert not hal.is_bleeding
    assert not power.steer()
    assert hal.is_bleeding
    hal.millivolts = 915000
    assert power.steer()
    assert not hal.is_bleeding


def test_power_discharge_opens_the_charger_and_bleeds() -> None:
    hal, power = _power(60, 1080000)
    power.discharge()
    assert (hal.target_mv, hal.is_bleeding, power.level_pct) == (0, True, 0)
    assert not power.is_low()
    hal.millivolts = BANK_LOW_MV
    power.look()
    assert power.is_low()


def test_power_counts_bad_readings_but_not_while_the_bank_recovers() -> None:
    _, power = _power(60, 900000)
    power.rest(0)
    power.watch(BANK_SETTLE_US - 1)
    assert power.bad_samples == 0
    for count in range(1, BANK_BAD_SAMPLES + 1):
        power.watch(BANK_SETTLE_US)
        assert power.bad_samples == count
    power.bank_mv = 1080000
    power.watch(BANK_SETTLE_US)
    assert power.bad_samples == 0


def test_power_set_points_are_whole_and_forget_what_was_bad() -> None:
    hal, power = _power(33, 0)
    power.bad_samples = 2
    power.charge_to(33)
    assert (power.level_pct, power._target_mv, hal.target_mv) == (33, 594000, 594000)
    assert type(power._target_mv) is int
    assert hal.is_bleeding is power._is_bleeding is False
    assert power.bad_samples == 0
    power.bad_samples = 2
    power.rest(0)
    assert power.bad_samples == 0
    power.bad_samples = 2
    power.discharge()
    assert (power.level_pct, power._target_mv, power.bad_samples) == (0, 0, 0)
    assert hal.is_bleeding is power._is_bleeding is True


def test_ledger_copy_comes_back_whole() -> None:
    counters = Counters()
    counters.begin(SESSION_A, 12)
    counters.count(3, 7)
    data = counters.dump(False)
    assert len(data) == LEDGER_BYTES
    back = Counters()
    assert back.load(data)
    assert (back.session_id, back.session_pulses, back.lifetime_pulses) == (SESSION_A, 13, 1)
    assert (back.train_index, back.train_next_pulse, back.is_valid) == (3, 8, True)


def test_ledger_copy_written_while_open_is_a_lower_bound() -> None:
    # Catches: taking the count of the last Arm for the whole truth after a power loss.
    counters = Counters()
    counters.begin(SESSION_A, 5)
    back = Counters()
    assert counters.dump(False)[LEDGER_BYTES - 5] == 0
    assert counters.dump(True)[LEDGER_BYTES - 5] == 1
    assert back.load(counters.dump(True))
    assert not back.is_valid
    again = Counters()
    assert again.load(back.dump(False))
    assert not again.is_valid
    again.begin(SESSION_A, 9)
    assert (again.is_valid, again.session_pulses) == (True, 9)


def test_ledger_copy_with_any_damaged_byte_fails_its_check() -> None:
    counters = Counters()
    counters.begin(SESSION_A, 5)
    data = counters.dump(False)
    for position in range(len(data)):
        damaged = bytearray(data)
        damaged[position] ^= 0x10
        back = Counters()
        assert not back.load(bytes(damaged))
        assert (back.is_valid, back.session_pulses) == (False, 0)
    assert not Counters().load(data[:-1])


def test_ledger_of_another_kind_fails_its_check() -> None:
    from binascii import crc32
    from struct import pack

    body = b"PULS" + Counters().dump(False)[4:-4]
    counters = Counters()
    assert not counters.load(body + pack("<I", crc32(body)))
    assert counters.is_valid is False


def test_ledger_of_a_new_unit_is_valid_and_empty() -> None:
    counters = Counters()
    assert counters.load(b"")
    assert (counters.session_id, counters.is_valid) == (NO_SESSION, True)


def test_ledger_of_another_session_forgets_the_train() -> None:
    counters = Counters()
    counters.begin(SESSION_A, 0)
    counters.count(4, 9)
    counters.begin(SESSION_A, 1)
    assert (counters.train_index, counters.train_next_pulse) == (4, 10)
    counters.begin(SESSION_B, 0)
    assert (counters.train_index, counters.train_next_pulse) == (0, 0)
    assert counters.lifetime_pulses == 1


def test_ledger_counts_stop_at_their_bound() -> None:
    counters = Counters()
    counters.session_pulses = counters.lifetime_pulses = COUNT_MAX
    counters.count_unasked()
    assert (counters.session_pulses, counters.lifetime_pulses) == (COUNT_MAX, COUNT_MAX)


def test_heartbeats_never_heard_are_not_forgiven() -> None:
    # Catches: a stall that turns silence into a sign of life.
    watch = HeartbeatWatch()
    watch.forgive(1000)
    assert watch.is_lost(0)
    watch.hear(5000, 1)
    watch.forgive(1000)
    assert watch.due_us() == 6000 + watch.silence_us_max
