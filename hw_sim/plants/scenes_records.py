"""Scenes with the clinic, the store and the clock: lost answers, full disks, changed orders, jumps.

Scripts of hw_sim/plants/stage.py; none knows of any bug.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import date, timedelta

import structlog
from structlog.types import EventDict

from edge.api import schema
from edge.domain.checks import QUESTIONS
from hw_sim.card.card import CardFaults, Trouble
from hw_sim.certificate import SIM_SIGNER, grant
from hw_sim.checkers.facts import Tampering
from hw_sim.clinic import resources
from hw_sim.clinic.line import Faults
from hw_sim.clinic.shelf import Json
from hw_sim.faults.bench import FaultBench
from hw_sim.plants.stage import Extra, finish, go_on, reach, sign
from hw_sim.system import APPOINTMENT_ID, UNIT_ID

LOSSY = Faults(lost_answer=1.0, writes_only=True)
LOSSY_S = 20.0  # less than the time after which a request is given up
THROUGH_S = 30.0
PULL_S = 130.0  # until the next look at the clinic's orders


async def lost_answers(bench: FaultBench) -> Extra:
    """The clinic commits, and its answers are lost on the way."""
    await reach(bench, "wrapup")
    bench.system.line.faults = LOSSY
    work = asyncio.ensure_future(sign(bench))
    await asyncio.sleep(LOSSY_S)
    bench.system.line.faults = Faults()
    await work
    await bench.system.line.settle()
    return None


async def full_disk(bench: FaultBench) -> Extra:
    """The disk is full from the first train on."""
    await reach(bench, "countdown")
    bench.system.card.faults = CardFaults(Trouble.FULL)
    await asyncio.sleep(12.0)
    bench.system.card.faults = CardFaults()
    return None


async def full_disk_at_arming(bench: FaultBench) -> Extra:
    """The disk is full before anybody has armed."""
    await reach(bench, "ready")
    bench.system.card.faults = CardFaults(Trouble.FULL)
    robot = bench.robot
    await robot.send(schema.ArmUnit(id=robot.new_id(), rev=robot.rev))
    await asyncio.sleep(8.0)
    bench.system.card.faults = CardFaults()
    return None


async def changed_order(bench: FaultBench) -> Extra:
    """In a pause the clinic changes percent and pulses of the order; then the visit goes on."""
    await reach(bench, "paused")
    _change_order(bench, 100)
    await asyncio.sleep(PULL_S)
    await finish(bench)
    return None


def _change_order(bench: FaultBench, percent: int) -> None:
    shelf = bench.system.clinic.shelf
    order = shelf.get("ServiceRequest", "order-1")
    assert order is not None
    parameters = order["extension"][0]
    changed = [
        part | {"valueQuantity": part["valueQuantity"] | {"value": percent}}
        if part["url"] == "percent-mt"
        else part
        for part in parameters["extension"]
    ]
    shelf.put(order | {"extension": [parameters | {"extension": changed}]}, "order-1")


async def other_patient(bench: FaultBench) -> Extra:
    """The appointment of one patient names the order of another."""
    shelf = bench.system.clinic.shelf
    other = resources.patient("pat-2", "MRN-009999", "Alex", "Other", date(1970, 2, 3))
    shelf.put(other, "pat-2")
    order: Json | None = shelf.get("ServiceRequest", "order-1")
    assert order is not None
    shelf.put(order | {"subject": {"reference": "Patient/pat-2"}}, "order-1")
    await bench.robot.until(lambda s: s.device.ready == "ready", 60.0)
    await bench.kill_edge()
    await bench.start_edge()
    await bench.robot.until(lambda s: s.today is not None and bool(s.today.appointments), 60.0)
    await bench.robot.until(lambda s: s.device.ready == "ready", 60.0)
    await bench.robot.do(schema.OpenVisit, appointment_id=APPOINTMENT_ID)
    await asyncio.sleep(0.5)
    await bench.robot.do(schema.BeginChecks)
    await _through(bench)
    return None


async def _through(bench: FaultBench) -> None:
    """From the checks to an armed unit."""
    for question in QUESTIONS:
        await bench.robot.do(schema.AnswerCheck, key=question.key, answer=question.choices[0])
    await asyncio.sleep(1.0)
    await bench.robot.do(schema.FinishChecks)
    await go_on(bench, limit_s=THROUGH_S)


async def clock_jumps(bench: FaultBench) -> Extra:
    """The wall clock is set a day ahead in a train, and ten days back in the next gap."""
    await reach(bench, "train")
    bench.system.clock.offset = timedelta(days=1)
    await asyncio.sleep(3.0)
    bench.system.clock.offset = -timedelta(days=10)
    await go_on(bench)
    await sign(bench)
    return None


async def logged(bench: FaultBench) -> Extra:
    """Every line that the service logs in a visit with a look at the name and a note."""
    words: list[str] = []

    def keep(_logger: object, _name: str, event: EventDict) -> EventDict:
        words.append(str(event))
        raise structlog.DropEvent

    structlog.configure(
        processors=[keep],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    try:
        await reach(bench, "checks")
        await bench.robot.do(schema.Reveal)
        await reach_wrapup_from_checks(bench)
        await sign(bench)
    finally:
        structlog.reset_defaults()
    return {"words": tuple(words)}


async def reach_wrapup_from_checks(bench: FaultBench) -> None:
    """The rest of a visit that stands at its checks."""
    await _through(bench)


async def tampered(bench: FaultBench) -> Extra:
    """After a visit a clever person edits the store, one row at a time."""
    await reach(bench, "wrapup")
    await sign(bench)
    app = bench.system.app
    store, found = app.adapters.store, []
    for table, examine in (("journal", app.journal.verify), ("audit", app.audit.verify)):
        ((count,),) = store.rows(f"SELECT count(*) FROM {table}")  # noqa: S608
        assert isinstance(count, int)
        middle = count // 2
        text = "body" if table == "journal" else "detail"
        edits: tuple[tuple[str, int, str], ...] = (
            ("changed", middle, f"UPDATE {table} SET {text} = '{{}}' WHERE seq = {middle}"),  # noqa: S608
            ("put later", middle, f"UPDATE {table} SET mono_us = mono_us + 1 WHERE seq = {middle}"),  # noqa: S608
            ("removed", middle, f"DELETE FROM {table} WHERE seq = {middle}"),  # noqa: S608
        )
        if table == "audit":
            cut = ("cut off", count, f"DELETE FROM {table} WHERE seq = {count}")  # noqa: S608
            edits = (*edits, cut)
        for what, row, sql in edits:
            store.rows("BEGIN")
            store.rows(sql)
            found.append(Tampering(table, what, row, examine()))
            store.rows("ROLLBACK")
    return {"tampering": tuple(found)}


async def untested(bench: FaultBench) -> Extra:
    """Nobody has made the safety test this morning."""
    await bench.end_edge()
    with bench.system.reading() as store, store.transaction():
        store.rows("DELETE FROM certificate")
    bench.system.options = replace(bench.system.options, has_certificate=False)
    await bench.start_edge()
    await reach_ready_untested(bench)
    return None


async def expired(bench: FaultBench) -> Extra:
    """The safety test is from last week, and the machine was started since."""
    system = bench.system
    await bench.end_edge()
    system.clock.offset = -timedelta(days=7)
    with system.reading() as store:
        with store.transaction():
            store.rows("DELETE FROM certificate")
        grant(
            store,
            SIM_SIGNER,
            system.clock,
            unit_id=UNIT_ID,
            settings_hash=system.config.settings_hash,
            valid_h=system.config.safety.safety_test_valid_h,
            machine_boot="last week",
        )
    system.clock.offset = timedelta()
    await bench.start_edge()
    await reach_ready_untested(bench)
    return None


async def reach_ready_untested(bench: FaultBench) -> None:
    """Up to the button that arms, on a unit that may refuse everything, and on it."""
    await bench.robot.until(lambda s: s.today is not None and bool(s.today.appointments), 60.0)
    await asyncio.sleep(3.0)
    await bench.robot.do(schema.OpenVisit, appointment_id=APPOINTMENT_ID)
    await asyncio.sleep(0.5)
    await bench.robot.do(schema.BeginChecks)
    await _through(bench)
