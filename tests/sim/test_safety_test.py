"""The morning of a whole system: no certificate, no treatment; the test; a treatment.

Everything is real but metal, people and clinic. Forged, old and foreign certificates are put into
the store as somebody with the disk in hand could, and must not help.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from edge.adapters.signing_key import Ed25519Signer
from edge.api import schema
from edge.domain.certificate import Certificate, body_of, read_body
from edge.ports import Store
from hw_sim import vtime
from hw_sim.certificate import SIM_SIGNER, grant
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.safety_person import hands_at, make_safety_test
from hw_sim.session import (
    BOOT_S,
    STEP_S,
    ordinary_visit,
    plan_of_system,
    prepare,
)
from hw_sim.system import APPOINTMENT_ID, UNIT_ID, SimSystem, SystemOptions

pytestmark = pytest.mark.control("morning-test")

Scenario = Callable[[SimSystem, KioskRobot], Awaitable[None]]
OTHER_SIGNER = Ed25519Signer(bytes(32))


def run(scenario: Scenario, plant: Callable[[SimSystem, Store], None] | None = None) -> None:
    """On a system without a certificate; plant may put something into its store first."""

    async def main() -> None:
        system = SimSystem(SystemOptions(has_certificate=False))
        if plant is not None:
            opened = system.open_store

            def planted_store() -> Store:
                store = opened()
                plant(system, store)
                return store

            system.open_store = planted_store  # type: ignore[method-assign,assignment]
        await system.start()
        robot = await system.robot()
        try:
            await scenario(system, robot)
        finally:
            await robot.close()
            await system.stop()
            system.unit.close()

    vtime.run(main())


async def _found(robot: KioskRobot) -> schema.Snapshot:
    return await robot.until(
        lambda s: s.today is not None and s.device.reasons == ["no_certificate"], BOOT_S
    )


def test_morning_from_the_safety_test_to_the_signed_record() -> None:
    async def scenario(system: SimSystem, robot: KioskRobot) -> None:
        shown = await _found(robot)
        assert (shown.safety_test.why, shown.device.ready) == ("none", "not_ready")
        await robot.until(lambda s: "start_safety_test" not in s.refusals, BOOT_S)
        began = _now()

        result = await make_safety_test(robot, hands_at(system.unit))

        assert (result.stage, result.outcome) == ("over", "passed")
        assert _now() - began < 180  # three minutes, with a person who walks to each contact
        assert [step.state for step in result.steps] == ["passed"] * len(result.steps)
        assert result.number == "ST-000001"
        assert system.unit.recorder.pulses == []
        await robot.do(schema.EndSafetyTest)
        await robot.until(lambda s: s.safety_test.stage == "off" and s.safety_test.why == "", 5)
        await ordinary_visit(system, robot)
        assert len(system.unit.recorder.pulses) == plan_of_system(system).pulses

    run(scenario)


def _now() -> float:
    return asyncio.get_running_loop().time()


def test_visit_without_a_certificate_is_not_armed_and_the_refusal_says_what_to_do() -> None:
    async def scenario(system: SimSystem, robot: KioskRobot) -> None:
        await _found(robot)
        await robot.do(schema.OpenVisit, appointment_id=APPOINTMENT_ID)
        shown = await robot.until(lambda s: s.phase == "patient", STEP_S)
        assert shown.refusals["start_safety_test"] == "wrong_state"
        answer = await robot.send(schema.ArmUnit(id=robot.new_id(), rev=robot.rev))
        assert isinstance(answer, schema.Refused)
        assert system.unit.recorder.pulses == []

    run(scenario)


def test_checked_visit_without_a_certificate_stops_at_the_confirm_screen() -> None:
    async def scenario(system: SimSystem, robot: KioskRobot) -> None:
        # The certificate ends while the patient is being checked.
        await prepare(robot)
        system.app.chair._parts.certificates._fault = "303"
        shown = await robot.until(lambda s: s.refusals.get("arm") == "no_certificate", STEP_S)
        assert shown.safety_test.why == "service_fault"
        answer = await robot.send(schema.ArmUnit(id=robot.new_id(), rev=robot.rev))
        assert isinstance(answer, schema.Refused)
        assert answer.code == "no_certificate"
        assert "Run it on the Today screen" in answer.text

    run(scenario, _granted)


def _granted(system: SimSystem, store: Store) -> None:
    grant(
        store,
        SIM_SIGNER,
        system.clock,
        unit_id=UNIT_ID,
        settings_hash=system.config.settings_hash,
        valid_h=24,
    )


def _rewritten(change: Callable[[Certificate], Certificate], *, is_resigned: bool) -> object:
    def plant(system: SimSystem, store: Store) -> None:
        _granted(system, store)
        ((body, signature),) = store.rows("SELECT body, signature FROM certificate")
        body = body_of(change(read_body(str(body))))
        if is_resigned:
            signature = OTHER_SIGNER.sign(body.encode()).hex()
        store.rows("UPDATE certificate SET body = ?, signature = ?", (body, signature))

    return plant


def _of_another_unit(system: SimSystem, store: Store) -> None:
    grant(
        store,
        SIM_SIGNER,
        system.clock,
        unit_id="SIM-0002",
        settings_hash=system.config.settings_hash,
        valid_h=24,
    )


def _of_other_settings(system: SimSystem, store: Store) -> None:
    grant(store, SIM_SIGNER, system.clock, unit_id=UNIT_ID, settings_hash="00" * 32, valid_h=24)


def _old(system: SimSystem, store: Store) -> None:
    """Of another start of the machine, 25 hours ago by the wall clock."""
    system.clock.offset -= timedelta(hours=25)
    grant(
        store,
        SIM_SIGNER,
        system.clock,
        unit_id=UNIT_ID,
        settings_hash=system.config.settings_hash,
        valid_h=24,
        machine_boot="yesterday",
    )
    system.clock.offset += timedelta(hours=25)


def _undated(system: SimSystem, store: Store) -> None:
    """Of another start of the machine, whose clock nobody vouches for."""
    _old(system, store)
    system.clock.is_trusted = False


def _longer(certificate: Certificate) -> Certificate:
    return replace(certificate, valid_until=certificate.valid_until + timedelta(days=365))


BAD: dict[str, tuple[object, str]] = {
    "forged": (_rewritten(_longer, is_resigned=False), "bad_signature"),
    "signed by somebody else": (_rewritten(_longer, is_resigned=True), "bad_signature"),
    "of another unit": (_of_another_unit, "other_controller"),
    "of other settings": (_of_other_settings, "other_settings"),
    "of yesterday": (_old, "expired"),
    "without a date": (_undated, "clock"),
}


@pytest.mark.parametrize("name", BAD)
def test_certificate_that_is_not_this_mornings_lets_nobody_be_treated(name: str) -> None:
    plant, why = BAD[name]

    async def scenario(_system: SimSystem, robot: KioskRobot) -> None:
        shown = await robot.until(lambda s: "no_certificate" in s.device.reasons, BOOT_S)
        assert shown.safety_test.why == why
        assert shown.device.ready == "not_ready"

    run(scenario, plant)  # type: ignore[arg-type]


def test_certificate_that_was_granted_in_the_same_way_holds() -> None:
    """Catches: the cases above being refused for another reason."""

    async def scenario(_system: SimSystem, robot: KioskRobot) -> None:
        shown = await robot.until(lambda s: s.device.ready == "ready", BOOT_S)
        assert shown.safety_test.why == ""

    run(scenario, _granted)
