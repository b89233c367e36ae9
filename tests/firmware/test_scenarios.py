# Scenarios through the app's tasks, in virtual time. Under CPython test_hosted_scenarios.py runs
# them; under MicroPython the runner prints each log; test_on_micropython.py compares every line.
from firmware.wire.codes import F_NONE, FAULTS, OK, REJECTION_NAMES
from tests.firmware import scenarios

LOGS = tuple([name for name, group, _ in scenarios.ALL if group != "hosted"])
log_of = scenarios.log_of


def test_scenarios_are_thirty_at_least_and_each_has_its_own_name() -> None:
    assert len(LOGS) >= 30
    assert len(set(LOGS)) == len(LOGS)


def test_scenarios_reach_every_fault_and_every_refusal() -> None:
    reached = {code for _, code in scenarios.FAULTS}
    assert reached == set(FAULTS)
    assert F_NONE not in reached
    refused = {code for _, code in scenarios.REFUSALS}
    assert refused == set(range(len(REJECTION_NAMES))) - {OK}
