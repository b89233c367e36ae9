"""Clean sessions are never doubted; every broken sensor is, or does no harm. Judged on the plant.

The product's own judgements run on the simulated coil without a controller in between
(hw_sim/heat/sensor_rig.py), so that hundreds of sessions take seconds.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from edge.domain.train_plan import Plan
from edge.services.library import MANIFEST, ProtocolLibrary, read_library_files
from firmware.core import heat
from firmware.wire.limits import SURFACE_C10_MAX
from hw_sim.heat.sensor_rig import LEAD_US, US_PER_S, Found, SensorRig, Trial, clean_trials
from hw_sim.keys.sign_library import PROTOCOLS
from hw_sim.plant.coil import FIGURE8, FIGURE8_COOLED, CoilKind
from hw_sim.plant.sensor import SensorFault

CLEAN_SESSIONS = 40
KINDS = (FIGURE8, FIGURE8_COOLED)
RHYTHMS = ("itbs-600", "10hz-standard", "1hz-right-1200")
FAULT_AT_S = 21.0
# Latest moment of the doubt after the fault, seconds; None: only a trip, or no harm at all.
DOUBTED_S = {
    SensorFault.OPEN: 1.0,
    SensorFault.SHORT: 1.0,
    SensorFault.FROZEN: 31.0,
    SensorFault.NOISELESS: 31.0,
    SensorFault.SLEW: 2.0,
}


@pytest.fixture(scope="module")
def plans() -> dict[str, Plan]:
    files = read_library_files(PROTOCOLS)
    library = ProtocolLibrary.load(files, [json.loads(files[MANIFEST])["public_key"]])
    return {one.protocol_id: one.plan for one in library.all() if one.plan is not None}


def play_clean(plans: dict[str, Plan], count: int) -> Counter[str]:
    """How they ended; a doubt is told with its trial."""
    ends: Counter[str] = Counter()
    for trial in clean_trials(plans, count, seed=1):
        found = SensorRig(trial).play()
        assert found is None or found.what == "hot", (trial, found)
        ends["clean" if found is None else "hot"] += 1
    return ends


def test_clean_sessions_of_every_rhythm_and_coil_are_never_doubted(plans: dict[str, Plan]) -> None:
    ends = play_clean(plans, CLEAN_SESSIONS)
    print(f"clean sessions {CLEAN_SESSIONS}: {dict(ends)}, false doubts 0")  # noqa: T201
    assert ends["clean"] > CLEAN_SESSIONS // 2


def _broken(plan: Plan, kind: CoilKind, sensor: str, fault: SensorFault) -> Found | None:
    trial = Trial(
        kind, plan, 0.62, 1, length_s=75.0, fault=fault, sensor=sensor, fault_at_s=FAULT_AT_S
    )
    return SensorRig(trial).play()


@pytest.mark.parametrize("fault", DOUBTED_S)
@pytest.mark.parametrize("sensor", ["surface", "winding", "face"])
def test_broken_sensor_is_doubted_in_time(
    plans: dict[str, Plan], sensor: str, fault: SensorFault
) -> None:
    for kind in KINDS:
        for rhythm in RHYTHMS:
            found = _broken(plans[rhythm], kind, sensor, fault)
            assert found is not None, (kind.name, rhythm)
            assert found.at_s <= DOUBTED_S[fault], (kind.name, rhythm, found)
            assert found.what != "hot"


@pytest.mark.parametrize("sensor", ["surface", "winding", "face"])
def test_sensor_that_spikes_with_the_pulses_changes_nothing(
    plans: dict[str, Plan], sensor: str
) -> None:
    for rhythm in RHYTHMS:
        assert _broken(plans[rhythm], FIGURE8_COOLED, sensor, SensorFault.SPIKE) is None


@pytest.mark.parametrize("sensor", ["surface", "face"])
@pytest.mark.parametrize("fault", [SensorFault.FELL_OFF, SensorFault.OFFSET])
def test_face_never_passes_its_limit_with_one_sensor_reading_low(
    plans: dict[str, Plan], sensor: str, fault: SensorFault
) -> None:
    """I12: the other one, or the difference of the two, stops first."""
    for seed in range(3):
        trial = Trial(
            FIGURE8, plans["10hz-standard"], 0.7, seed, length_s=900.0,
            fault=fault, sensor=sensor, offset_c=-4.5, fault_at_s=-LEAD_US / US_PER_S,
        )  # fmt: skip
        rig = SensorRig(trial)
        found = rig.play()
        assert found is not None
        assert rig.coil.surface_c * 10 <= SURFACE_C10_MAX + 5, found


# Planted bugs: with each of them a test above must fail.


@pytest.mark.parametrize(
    ("name", "planted"),
    [("SENSOR_SLEW_C10_S", 20), ("SENSOR_FROZEN_US", 300_000), ("PAIR_REST_US", 10_000_000)],
)
def test_planted_tightness_trips_clean_sessions(
    plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch, name: str, planted: int
) -> None:
    monkeypatch.setattr(heat, name, planted)
    with pytest.raises(AssertionError):
        play_clean(plans, 24)


@pytest.mark.parametrize(
    ("name", "planted", "fault"),
    [
        ("SENSOR_SLEW_C10_S", 10**9, SensorFault.SLEW),
        ("SENSOR_FROZEN_US", 10**12, SensorFault.FROZEN),
    ],
)
def test_planted_blindness_lets_a_broken_sensor_through(
    plans: dict[str, Plan],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    planted: int,
    fault: SensorFault,
) -> None:
    monkeypatch.setattr(heat, name, planted)
    with pytest.raises(AssertionError):
        test_broken_sensor_is_doubted_in_time(plans, "surface", fault)
