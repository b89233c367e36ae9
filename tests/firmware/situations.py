# A situation in which every command of its state is accepted, for tests of the envelope; each test
# spoils one thing. Portable.
from firmware.core.envelope import Situation, plan_of
from firmware.wire.codes import (
    F_DOOR,
    FAULT,
    INPUTS_ALL,
)
from firmware.wire.commands import (
    FireTrain,
)
from firmware.wire.limits import IPI_US_MIN
from tests.firmware.bench import (
    SESSION_A,
    TEN_HZ_80,
    arm_of,
    configure_of,
)

NOW = 1000000000
TOKEN = 77


def good(state: int) -> Situation:
    situation = Situation()
    situation.now_us = NOW
    situation.state = state
    situation.is_identified = True
    situation.settings.apply(configure_of())
    situation.unit_level_pct_max = 100
    situation.inputs_fitted = INPUTS_ALL
    situation.is_cool = True
    situation.is_alive = True
    situation.charged_level_pct = 60
    situation.token = TOKEN
    situation.plan = plan_of(arm_of(TEN_HZ_80, 1))
    situation.pulses_total = 80
    situation.session_id = SESSION_A
    situation.session_pulses = 0
    situation.is_ledger_valid = True
    situation.timing_ipi_us_min = IPI_US_MIN
    situation.is_starving = False
    situation.is_face_still = False
    situation.is_winding_still = False
    if state == FAULT:
        situation.faults = [F_DOOR]
        situation.first_fault = F_DOOR
    return situation


def fire_of(**over: int) -> FireTrain:
    values = {
        "token": TOKEN,
        "train_index": 0,
        "first_pulse": 0,
        "pulse_count": 40,
        "start_us": NOW + 100000,
    }
    values.update(over)
    return FireTrain(**values)
