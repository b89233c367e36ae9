"""Every command in every state, on the whole device: the answer, and what it did not change.

Nineteen commands in the nine states that bytes can reach (BOOT ends with the first poll, before the
first byte is looked at). Takes a fresh device for each cell, so it runs on CPython only.
"""

from __future__ import annotations

import pytest

from firmware.wire import codes
from firmware.wire.commands import (
    COMMANDS,
    Charge,
    ClearFault,
    Confirm,
    Discharge,
    FireTrain,
    Heartbeat,
    Hello,
    Hold,
    Prove,
    ReadLedger,
    Stop,
    UpdateBegin,
    UpdateCommit,
    UpdateFile,
    UpdateFinish,
    UpdateTry,
    UpdateWrite,
)
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Answer, ArmEcho, Identity, Ledger, Status
from tests.firmware.bench import TEN_HZ_80, Bench, arm_of, configure_of
from tests.firmware.states import REACHABLE, in_state

OK, STATE, BUSY, FAULT = codes.OK, codes.REJ_STATE, codes.REJ_BUSY, codes.REJ_FAULT
ECHO = -1  # answered by its own report

# Rows: commands by type number. Columns: the states of REACHABLE, in order:
# SELF_TEST, STANDBY, CHARGING, READY, ARMED, TRAIN, HOLD, DISCHARGING, FAULT.
EXPECTED = {
    "Hello": (ECHO,) * 9,
    "Heartbeat": (ECHO,) * 9,
    "Configure": (OK, OK, STATE, STATE, STATE, STATE, OK, OK, OK),
    "Charge": (STATE, OK, STATE, OK, STATE, STATE, OK, STATE, FAULT),
    "Discharge": (OK, OK, OK, OK, OK, OK, OK, OK, FAULT),
    "Arm": (STATE, STATE, STATE, ECHO, STATE, STATE, STATE, STATE, FAULT),
    "Confirm": (STATE, STATE, STATE, OK, STATE, STATE, STATE, STATE, FAULT),
    "FireTrain": (STATE, STATE, STATE, STATE, OK, BUSY, STATE, STATE, FAULT),
    "Hold": (STATE, STATE, STATE, STATE, OK, OK, OK, STATE, FAULT),
    "Stop": (OK,) * 9,
    "ClearFault": (STATE, STATE, STATE, STATE, STATE, STATE, STATE, STATE, OK),
    "ReadLedger": (ECHO,) * 9,
    "Prove": (STATE, OK, STATE, STATE, STATE, STATE, STATE, STATE, FAULT),
    # Only at rest, and in the order of an update: all but the first have nothing to follow.
    "UpdateBegin": (STATE, OK, STATE, STATE, STATE, STATE, STATE, STATE, OK),
    "UpdateFile": (STATE,) * 9,
    "UpdateWrite": (STATE,) * 9,
    "UpdateFinish": (STATE,) * 9,
    "UpdateTry": (STATE, OK, STATE, STATE, STATE, STATE, STATE, STATE, OK),
    "UpdateCommit": (STATE,) * 8 + (FAULT,),
}
REPORTS = {"Hello": Identity, "Heartbeat": Status, "Arm": ArmEcho, "ReadLedger": Ledger}


def _command(kind: type[Message], bench: Bench) -> Message:
    token = bench.status().token
    now_us = bench.now_us
    arm = arm_of(TEN_HZ_80, 1, delivered=bench.status().session_pulses)
    return {
        "Hello": Hello(protocol=PROTOCOL_VERSION),
        "Heartbeat": Heartbeat(beat=bench.next_beat()),
        "Configure": configure_of(),
        "Charge": Charge(level_pct_mso=60),
        "Discharge": Discharge(),
        "Arm": arm,
        "Confirm": Confirm(token=token),
        "FireTrain": FireTrain(
            token=token, train_index=0, first_pulse=0, pulse_count=1, start_us=now_us + 100_000
        ),
        "Hold": Hold(),
        "Stop": Stop(),
        "ClearFault": ClearFault(fault=codes.F_DOOR),
        "ReadLedger": ReadLedger(),
        "Prove": Prove(part=1),
        "UpdateBegin": UpdateBegin(),
        "UpdateFile": UpdateFile(name=bytes(48), file_bytes=1, sha256=bytes(32)),
        "UpdateWrite": UpdateWrite(offset=0, length=1, data=bytes(64)),
        "UpdateFinish": UpdateFinish(manifest_sha256=bytes(32)),
        "UpdateTry": UpdateTry(),
        "UpdateCommit": UpdateCommit(),
    }[kind.__name__]


def test_expectations_cover_every_command_and_state() -> None:
    assert sorted(EXPECTED) == sorted(kind.__name__ for kind in COMMANDS)
    assert {len(row) for row in EXPECTED.values()} == {len(REACHABLE)}
    assert len(EXPECTED) * len(REACHABLE) == 171


@pytest.mark.parametrize("column", range(len(REACHABLE)))
@pytest.mark.parametrize("kind", COMMANDS, ids=lambda kind: kind.__name__)
def test_command_in_state_has_its_answer(kind: type[Message], column: int) -> None:
    state = REACHABLE[column]
    bench = in_state(state)
    if state == codes.READY and kind is Confirm:
        bench.ask_arm(arm_of(TEN_HZ_80, 1))
    if state == codes.FAULT:
        bench.run_ms(50)  # the door is shut again and has been debounced
    command = _command(kind, bench)
    expected = EXPECTED[kind.__name__][column]

    answer = bench.ask_arm(command) if isinstance(command, type(arm_of(TEN_HZ_80, 1))) else None
    if answer is None:
        answer = bench.ask(command)

    if expected == ECHO:
        assert isinstance(answer, REPORTS[kind.__name__])
        return
    assert isinstance(answer, Answer)
    assert (answer.command, answer.code) == (kind.TYPE, expected)
    if expected == STATE:
        assert answer.detail == (codes.STANDBY if state == codes.FAULT else state)
        assert bench.state() == state
