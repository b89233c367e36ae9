"""The hub on the real chair, controller client, firmware core and plant, in virtual time.

What a finger on the screen can do, from log-in to the signed record; pulses are counted on the
plant's truth recorder. Catches: API and services disagreeing about states, revisions or presence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from edge.adapters.pin_hash import InlinePins
from edge.api import schema
from edge.api.hub import Hub, HubParts
from edge.api.session_view import SessionView
from edge.config import KioskConfig
from edge.domain.verdict import Verdict
from edge.services.accounts import Accounts
from edge.services.archive import Archive
from edge.services.audit import Audit
from tests.edge.api.fakes import ORIGIN, CountedEntropy, EmptyLibrary, Screen, virtual
from tests.support import chair_bench


class Visit:
    """A logged-in page that beats, on a running unit."""

    def __init__(self, made: chair_bench.Bench, hub: Hub, token: str) -> None:
        self.made = made
        self.hub = hub
        self.screen = Screen(hub, token)
        self.is_beating = True

    async def beat(self) -> None:
        frames = 0
        while True:
            frames += 30
            if self.is_beating:
                self.screen.beat(frames)
            await asyncio.sleep(0.5)

    async def until(self, wanted: Callable[[schema.Snapshot], bool], within_s: float = 60) -> None:
        end_at = asyncio.get_running_loop().time() + within_s
        while not wanted(self.screen.snapshot):
            assert asyncio.get_running_loop().time() < end_at, self.made.where()
            await asyncio.sleep(0.02)

    async def until_phase(self, phase: str, within_s: float = 60) -> None:
        await self.until(lambda shown: shown.phase == phase, within_s)

    async def do(self, kind: type[schema.Command], **fields: Any) -> None:
        assert await self.screen.ask(kind, **fields) == "", (kind, self.made.where())

    async def armed(self) -> None:
        await self.until(lambda shown: shown.device.ready == "ready")
        await self.do(schema.OpenVisit, appointment_id="apt-1")
        await self.do(schema.BeginChecks)
        shown = self.screen.snapshot.visit
        assert shown is not None
        for check in shown.checks:
            if check.choices:
                await self.do(schema.AnswerCheck, key=check.key, answer=check.choices[0])
        await self.do(schema.FinishChecks)
        await self.do(schema.ArmUnit)
        await self.until_phase("armed")

    @property
    def session(self) -> SessionView:
        shown = self.screen.snapshot.visit
        assert shown is not None
        return shown.session


@contextlib.asynccontextmanager
async def treatment() -> AsyncIterator[Visit]:
    made = chair_bench.Bench(chair_bench.SHORT)
    made.start()
    wall_clock = made.wall_clock
    accounts = Accounts(made.store, InlinePins(memory_kib=8, rounds=1))
    await accounts.add("tina", chair_bench.WHO, "technician", "4711")
    parts = HubParts(
        chair=made.chair,
        accounts=accounts,
        audit=Audit(made.store, wall_clock, boot=1),
        wall_clock=wall_clock,
        entropy=CountedEntropy(),
        library=EmptyLibrary(),
        sentence=lambda key, _args: key,
        kiosk=KioskConfig("127.0.0.1", 8080, "none", (ORIGIN,), 300),
        limits=chair_bench.LIMITS,
        time_zone=ZoneInfo("Europe/Berlin"),
        software_version="0.1.0",
    )
    hub = Hub(parts)
    running = asyncio.create_task(hub.run())
    await asyncio.sleep(0)
    done = await hub.login("tina", "4711")
    assert not isinstance(done, Verdict)
    visit = Visit(made, hub, done[0])
    beating = asyncio.create_task(visit.beat())
    try:
        yield visit
    finally:
        for task in (beating, running):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await made.close()


@virtual
async def test_visit_from_login_to_the_signed_record() -> None:
    async with treatment() as visit:
        await visit.armed()
        await visit.do(schema.Start)
        await visit.until_phase("wrapup")
        assert (visit.session.delivered, visit.session.remaining) == (36, 0)
        assert visit.made.pulses == 36
        assert (
            await visit.screen.ask(schema.WrapUp, pain_0_10=2, note="", pin="0000") == "wrong_pin"
        )
        await visit.do(schema.WrapUp, pain_0_10=2, note="calm", pin="4711")
        assert visit.screen.snapshot.phase == "record"
        (kept,) = Archive(visit.made.store).sessions()
        assert kept.record is not None
        assert (kept.record.pulses_measured, kept.record.signed_by) == (36, chair_bench.WHO)
        assert visit.made.journal.verify() is None


@pytest.mark.control("stop-path")
@virtual
async def test_stop_in_a_train_ends_the_pulses_within_100_ms() -> None:
    async with treatment() as visit:
        await visit.armed()
        await visit.do(schema.Start)
        await visit.until(lambda _shown: visit.made.pulses >= 5)
        stranger = Screen(visit.hub)
        pressed_ns = visit.made.unit.recorder.pulses[-1].at_ns
        pressed_s = asyncio.get_running_loop().time()
        stranger.stop()
        await visit.until_phase("stopped")
        assert asyncio.get_running_loop().time() - pressed_s < 0.25
        await asyncio.sleep(10)
        last_ns = visit.made.unit.recorder.pulses[-1].at_ns
        assert last_ns - pressed_ns <= 100_000_000
        assert visit.session.delivered == visit.made.pulses
        assert visit.session.stop is not None
        assert visit.session.stop.code == "operator"


@pytest.mark.control("page-presence")
@virtual
async def test_page_that_falls_silent_in_treatment_pauses_it() -> None:
    async with treatment() as visit:
        await visit.armed()
        await visit.do(schema.Start)
        await visit.until(lambda _shown: visit.made.pulses >= 2)
        visit.is_beating = False
        await visit.until_phase("paused", within_s=12)
        assert visit.made.pulses < 36


@virtual
async def test_start_on_the_picture_of_before_a_stop_is_refused() -> None:
    async with treatment() as visit:
        await visit.armed()
        seen = visit.screen.snapshot.rev
        visit.screen.stop()
        assert await visit.screen.ask(schema.Start, rev=seen) == "stale_screen"
        await asyncio.sleep(5)
        assert visit.made.pulses == 0


@virtual
async def test_second_tab_cannot_treat_and_takes_over_when_asked() -> None:
    async with treatment() as visit:
        await visit.armed()
        second = Screen(visit.hub, visit.screen.connection.token)
        assert await second.ask(schema.Start) == "not_in_control"
        assert await second.ask(schema.TakeControl) == ""
        await asyncio.sleep(0.2)
        assert visit.screen.control == "elsewhere"
        assert await visit.screen.ask(schema.Start) == "not_in_control"
        await asyncio.sleep(5)
        assert visit.made.pulses == 0
