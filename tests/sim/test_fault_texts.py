"""Every fault of the controller, end to end: its sentence is on the screen within 100 ms.

Each fault is brought about in a train, at the metal where the campaign's strikes reach it, else by
latching it in the controller's core as its own judgement would. The time runs from the instant at
which the controller latched it, by the plant's clock, to the picture that a page would draw.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge.domain.faults import FAULT_ROWS, FaultRow
from firmware.core.device import Device
from firmware.wire import codes
from firmware.wire.limits import V_FULL_MV
from hw_sim.faults import strikes as strikes
from hw_sim.faults import strikes_unit as unit_strikes
from hw_sim.faults.bench import FaultBench
from tests.sim.stop_pictures import (
    SHOWN_S_MAX,
    Seen,
    Visit,
    first_stop,
    seen_of,
    sentence_of,
    visit_at,
)

pytestmark = [pytest.mark.timeout(120), pytest.mark.control("stop-sentences")]
LATCHED_S = 3.0  # of the slowest strike below

# At the metal, in a train.
AT_THE_METAL: dict[int, strikes.Strike] = {
    codes.F_ESTOP: strikes.stick("estop", "mcu", level=False),
    codes.F_DOOR: strikes.open_contact("door"),
    codes.F_COIL_ABSENT: strikes.open_contact("coil"),
    codes.F_PATIENT_STOP: strikes.stick("patient", "mcu", level=False),
    codes.F_COOLING: strikes.stick("cooling", "mcu", level=False),
    codes.F_ENCLOSURE: strikes.stick("enclosure", "mcu", level=False),
    codes.F_HOST_ENABLE: strikes.on_unit(lambda unit: unit.stick_host_pin(level=True)),
    codes.F_SURFACE_HOT: strikes.heat(surface_c=42.0),
    codes.F_WINDING_HOT: strikes.heat(winding_c=85.0),
    codes.F_SENSOR: strikes.sensor("surface", "open"),
    codes.F_SENSOR_SLEW: strikes.sensor("winding", "offset", 10.0),
    codes.F_BANK_VOLTAGE: unit_strikes.hal(bank_sense_scale=0.9),
    codes.F_PULSE_MISSING: unit_strikes.hal(misfires_left=1),
    codes.F_PULSE_UNASKED: unit_strikes.hal(doubles_left=1),
    codes.F_AMPLITUDE: strikes.on_unit(lambda unit: setattr(unit.plant, "current_scale", 1.2)),
    codes.F_INTERNAL: strikes.on_unit(lambda unit: unit.set_gate_stuck(stuck=False)),
}
# Latched in the core; why the metal cannot bring it about in a running train.
IN_THE_CORE: dict[int, str] = {
    codes.F_INPUT_STALE: "the simulated driver never stops sampling while it runs",
    codes.F_HOST_STUCK: "is looked for at rest only",
    codes.F_SENSOR_FROZEN: "takes half a minute of stimulation",
    codes.F_SENSOR_PAIR: "is looked for after ten minutes of rest",
    codes.F_CHARGE_TIMEOUT: "is looked for while charging only",
    codes.F_COUNT: "two counts of one program differ by a defect of that program only",
    codes.F_LINK_LOST: "the edge calls the line lost before the controller does",
    codes.F_LEFT_CHARGED: "takes a minute without a train",
    codes.F_LEDGER: "the stored count is read and written at rest only",
    codes.F_SELF_TEST: "is found at start only",
}
SENSED_SCALE = 0.9  # of the bank, in the strike above
LEVEL_PCT = 62  # of the order: 120 % of the threshold


@pytest.fixture(scope="module")
def in_train(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visit]:
    """A whole system in the middle of a train."""
    with visit_at("train", tmp_path_factory.mktemp("texts")) as visit:
        yield visit


async def _shown(bench: FaultBench, number: int) -> Seen:
    """Bring it about; what the first picture with a stop says, and how long it took."""
    core = bench.system.unit.mcu.core
    assert isinstance(core, Device)
    plant = bench.system.unit.plant
    latched: list[int] = []
    bank_v: list[float] = []
    latch = core._unit.latch

    def note(fault: int, now_us: int) -> None:
        if not core._unit.machine.faults:
            latched.append(bench.system.unit.kernel.now_ns)
            bank_v.append(plant.bank_mv() / 1000)
        latch(fault, now_us)

    core._unit.latch = note  # type: ignore[method-assign]
    if number in AT_THE_METAL:
        await AT_THE_METAL[number](bench)
    else:
        core._unit.latch(number, bench.system.unit.hal.clock.mcu_us(bench.now_ns))
        bench.system.unit.mcu.on_inputs()
    picture = await first_stop(bench, LATCHED_S)
    return seen_of(bench, picture, latched[0]) | {"bank_v": bank_v[0]}


def test_fault_texts_miss_no_code() -> None:
    """Nothing is skipped in silence: each code is at the metal or has a reason why not."""
    assert set(AT_THE_METAL) | set(IN_THE_CORE) == set(codes.FAULTS)
    assert not set(AT_THE_METAL) & set(IN_THE_CORE)


@pytest.mark.parametrize("row", FAULT_ROWS, ids=lambda row: row.name)
def test_fault_in_a_train_is_on_the_screen_with_its_numbers_within_100_ms(
    in_train: Visit, row: FaultRow
) -> None:
    seen = in_train.try_out(lambda bench: _shown(bench, row.number))

    assert seen["phase"] == "stopped"
    assert seen["code"] in _same_cause(row.code)
    assert seen["late_s"] <= SHOWN_S_MAX
    sentence = sentence_of(seen)
    if row.number in AT_THE_METAL and row.value:
        true, slack = _truth(row.value, seen)
        least, most = _limit(row.value)
        assert seen["value"] == pytest.approx(true, abs=slack)
        assert least <= seen["limit"] <= most
        for name in ("value", "limit"):
            assert f"{seen[name]:.1f} {seen['unit']}" in sentence


def _truth(value: str, seen: Seen) -> tuple[float, float]:
    """What was to be read in the plant, and how far a reading may be off."""
    surface_c, winding_c = seen["truth"]
    return {
        "surface_c10": (surface_c, 0.5),
        "winding_c10": (winding_c, 0.5),
        "bank_mv": (seen["bank_v"] * SENSED_SCALE, 5.0),
        "amplitude_pm": (seen["pulse_pm"] / 10 / LEVEL_PCT * 100, 3.0),
    }[value]


def _limit(value: str) -> tuple[float, float]:
    """Between what bounds its limit has to be."""
    set_point_v = V_FULL_MV / 1000 * LEVEL_PCT / 100
    return {
        "surface_c10": (41.0, 41.0),
        "winding_c10": (80.0, 80.0),
        "bank_mv": (0.95 * set_point_v, 1.05 * set_point_v),
        "amplitude_pm": (90.0, 110.0),
    }[value]


def _same_cause(code: str) -> tuple[str, ...]:
    """The edge's own wire may be faster than the report, with the same words."""
    return (code, "patient") if code == "104" else (code,)
