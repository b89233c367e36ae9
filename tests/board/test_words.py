"""The rings of words and the stand-in's DMA: what the hardware would do wrong in silence raises."""

from __future__ import annotations

from array import array

import pytest

import rig
import rp2
from firmware.board import words
from firmware.board.guard import Guard
from firmware.board.pio_programs import stamp, trig
from firmware.board.pulses import Pulses
from firmware.board.stamps import Stamps
from firmware.board.words import WORDS, WordRing, request
from pio_models import Unsupported
from tests.firmware.chip_bench import BoardClock, new_rig, pass_us

GP_FREE = 22


def _rise(at_us: int) -> None:
    now = rig.now_cycles()
    rig.net(GP_FREE).drive(now + at_us * 125, 1)
    rig.net(GP_FREE).drive(now + at_us * 125 + 50, 0)


def test_counter_that_is_started_over_loses_no_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_RENEW", 20)
    new_rig()
    stamps = Stamps(BoardClock(), 7, GP_FREE)
    for number in range(100):
        at_us = BoardClock().us() + 10
        _rise(10)
        pass_us(1000)
        assert abs(stamps.take() - at_us) <= 1, number
        assert stamps.take() == -1
        assert not stamps.is_lost()
    assert stamps._ring.number == 99


def test_ring_overrun_keeps_the_newest_and_counts_the_rest() -> None:
    new_rig()
    stamps = Stamps(BoardClock(), 7, GP_FREE)
    times_us = []
    for _ in range(3 * WORDS):
        times_us.append(BoardClock().us() + 10)
        _rise(10)
        pass_us(1000)
    taken = []
    while (at_us := stamps.take()) >= 0:
        taken.append(at_us)
    assert len(taken) == WORDS - 1
    assert all(abs(a - b) <= 1 for a, b in zip(taken, times_us[-len(taken) :], strict=True))
    assert stamps.is_lost()
    assert not stamps.is_lost()


def test_transfer_requests_are_the_data_sheets() -> None:
    assert [request(number, False) for number in range(8)] == [0, 1, 2, 3, 8, 9, 10, 11]
    assert [request(number, True) for number in range(8)] == [4, 5, 6, 7, 12, 13, 14, 15]


def test_ring_beside_a_multiple_of_its_size_runs_into_foreign_memory() -> None:
    # Planted: a ring that begins where the buffer begins.
    new_rig()
    machine = rp2.StateMachine(7, stamp, jmp_pin=GP_FREE)
    ring = WordRing(machine, 7)
    assert ring._start % 64 == 0
    dma = rp2.DMA()
    small = array("I", [0] * WORDS)
    ctrl = dma.pack_ctrl(
        size=2, inc_read=False, inc_write=True, ring_size=6, ring_sel=1, treq_sel=request(7, True)
    )
    ring._dma.active(0)
    dma.config(read=machine, write=small, count=words.COUNT, ctrl=ctrl, trigger=True)
    machine.active(1)
    for number in range(WORDS):
        rig.net(GP_FREE).drive(rig.now_cycles() + 1000 * number + 500, 1)
        rig.net(GP_FREE).drive(rig.now_cycles() + 1000 * number + 600, 0)
    with pytest.raises(MemoryError):
        pass_us(1000)


def test_wrong_pace_and_hanging_calls_raise() -> None:
    new_rig()
    machine = rp2.StateMachine(7, stamp, jmp_pin=GP_FREE)
    dma = rp2.DMA()
    with pytest.raises(ValueError, match="paced"):
        dma.config(
            read=machine,
            write=array("I", [0]),
            count=1,
            ctrl=dma.pack_ctrl(treq_sel=request(6, True)),
            trigger=True,
        )
    with pytest.raises(ValueError, match="bad field"):
        dma.pack_ctrl(ring_size=16)
    with pytest.raises(TypeError, match="unknown field"):
        dma.pack_ctrl(ring=1)
    with pytest.raises(RuntimeError, match="never returns"):
        machine.get()
    for _ in range(4):
        machine.put(1)
    with pytest.raises(RuntimeError, match="never returns"):
        machine.put(1)
    with pytest.raises(TypeError):
        machine.exec("nop()")  # type: ignore[arg-type]
    with pytest.raises(Unsupported):
        rp2.mem32[0x50200000] = 1
    with pytest.raises(Unsupported):
        machine.init(stamp, freq=1000000)


def test_programs_fit_and_lie_where_the_chip_puts_them() -> None:
    # trig alone in PIO0; guard and stamp share PIO1 with nothing to spare for a third program.
    new_rig()
    Pulses(BoardClock(), lambda: 0)
    Guard()
    used = [sum(block) for block in rp2.chip().used]
    assert used[0] == len(trig[0]) <= 32
    assert used[1] <= 32
    assert len(rp2.chip().channels) == 4
    assert trig[1] == 32 - len(trig[0])
    again = new_rig()
    assert rp2.chip().rig is again
    assert trig[1] == -1


def test_machine_made_before_a_reset_is_of_no_use_after_it() -> None:
    new_rig()
    machine = rp2.StateMachine(7, stamp, jmp_pin=GP_FREE)
    new_rig()
    with pytest.raises(ValueError, match="before a reset"):
        machine.init(stamp, jmp_pin=GP_FREE)
