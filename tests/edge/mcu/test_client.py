"""The client on a simulated unit: handshake, loss, return, and a Stop that survives both."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from edge.config import LimitsConfig
from edge.mcu import connection, handshake
from edge.mcu.client import McuClient
from edge.mcu.outcome import Done, Refused, Uncertain
from edge.mcu.protocol import LinkProtocol
from firmware.wire.commands import Charge, Hello, ReadLedger
from firmware.wire.framing import Decoder, encode
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import Identity, Status
from hw_sim import vtime
from hw_sim.link import LinkPlan
from hw_sim.sim_hal import SIM_LINK_KEY
from hw_sim.unit import SimUnit
from tests.support.chair_bench import LIMITS, SETTINGS_HASH

pytestmark = pytest.mark.control("handshake")


class Rig:
    """A unit, a client, and what the client told."""

    def __init__(self, unit_id: str = "SIM-0001", limits: LimitsConfig = LIMITS) -> None:
        self.unit = SimUnit(seed=1, ppm=-40.0)
        self.links: list[tuple[str, str]] = []
        self.statuses: list[Status] = []
        self.client = self.new_client(unit_id, limits)

    def new_client(
        self,
        unit_id: str = "SIM-0001",
        limits: LimitsConfig = LIMITS,
        link_key: bytes = SIM_LINK_KEY,
    ) -> McuClient:
        client = McuClient(
            self.unit.link_opener(),
            unit_id=unit_id,
            limits=limits,
            settings_hash=SETTINGS_HASH,
            link_key=link_key,
        )
        client.listen(self.take, lambda link, detail: self.links.append((link, detail)))
        self.task = asyncio.ensure_future(client.run())
        return client

    def take(self, report: Message, _at_s: float) -> None:
        if isinstance(report, Status):
            self.statuses.append(report)

    def hellos(self) -> list[object]:
        return [e for e in self.unit.recorder.wires if e.name == "rx_Hello"]

    async def until(self, condition: Callable[[], bool], within_s: float = 20.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.01)

    async def live(self) -> None:
        await self.until(lambda: self.client.is_live)

    async def enabled(self) -> None:
        """The edge's enable, which the client does not own, seen by the controller."""
        self.unit.stick_host_output(True)
        await asyncio.sleep(0.1)

    async def end_client(self) -> None:
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task


def with_rig(scenario: Callable[[Rig], Awaitable[None]], unit_id: str = "SIM-0001") -> None:
    async def main() -> None:
        rig = Rig(unit_id)
        try:
            await scenario(rig)
        finally:
            await rig.end_client()
            rig.unit.close()

    vtime.run(main())


def test_client_handshake_configures_and_goes_live() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.live()
        await asyncio.sleep(0.2)
        assert rig.client.identity is not None
        assert rig.statuses[-1].settings_hash == rig.client.settings.hash_word
        uncertainty = rig.client.clock.uncertainty_us(asyncio.get_running_loop().time())
        assert uncertainty is not None
        assert uncertainty < 2000

    with_rig(scenario)


def test_client_of_another_unit_only_identifies() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.until(lambda: rig.client.link == "version_mismatch")
        assert "SIM-0001" in rig.client.link_detail
        assert await rig.client.request(Charge(level_pct_mso=10)) == Refused("link_down")
        await asyncio.sleep(10.0)
        assert rig.client.link == "version_mismatch"

    with_rig(scenario, unit_id="SIM-0002")


def test_client_with_another_protocol_version_only_identifies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(handshake, "PROTOCOL_VERSION", 0x1234)
    monkeypatch.setattr(connection, "PROTOCOL_VERSION", 0x1234)

    async def scenario(rig: Rig) -> None:
        await rig.until(lambda: rig.client.link == "version_mismatch")
        assert "00001234" in rig.client.link_detail
        assert await rig.client.request(Charge(level_pct_mso=10)) == Refused("link_down")

    with_rig(scenario)


def test_client_reopens_a_line_that_came_back() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.live()
        rig.unit.cut_link()
        await rig.until(lambda: rig.client.link == "closed")
        assert "unplugged" in rig.client.link_detail
        await asyncio.sleep(30.0)
        rig.unit.restore_link()
        await rig.until(lambda: rig.client.is_live, 6.0)

    with_rig(scenario)


def test_client_calls_300_ms_without_a_status_silent() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.live()
        await asyncio.sleep(1.0)
        began = asyncio.get_running_loop().time()
        rig.unit.cut_link(is_silent=True)
        await rig.until(lambda: rig.client.link == "silent")
        assert 0.2 < asyncio.get_running_loop().time() - began <= 0.45
        assert await rig.client.request(ReadLedger()) == Refused("link_down")
        rig.unit.restore_link()
        await rig.live()

    with_rig(scenario)


def test_client_silent_for_long_opens_the_line_anew() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.live()
        rig.unit.cut_link(is_silent=True)
        await rig.until(lambda: rig.client.link == "closed")
        rig.unit.restore_link()
        await rig.live()

    with_rig(scenario)


def test_client_sees_a_restarted_controller_and_greets_it_again() -> None:
    """Catches: going on as if the controller still knew its limits and our numbers."""

    async def scenario(rig: Rig) -> None:
        await rig.live()
        assert rig.client.identity is not None
        boot = rig.client.identity.boot_epoch
        rig.unit.reboot_mcu()
        await rig.until(lambda: ("identifying", "rebooted") in rig.links)
        await rig.live()
        assert rig.client.identity.boot_epoch == boot + 1
        await asyncio.sleep(0.2)
        assert rig.statuses[-1].settings_hash == rig.client.settings.hash_word

    with_rig(scenario)


def test_client_request_on_a_line_that_answers_no_more_is_uncertain() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.live()
        rig.unit.link.up.is_dead = True
        outcome = await rig.client.request(Charge(level_pct_mso=10))
        assert isinstance(outcome, Uncertain)
        rig.unit.link.up.is_dead = False
        rig.client.stop()
        await rig.until(lambda: not rig.client.is_stopping)

    with_rig(scenario)


def test_client_stop_asked_without_a_line_is_the_first_thing_on_the_next() -> None:
    """Catches: a Stop that is forgotten with the line it could not be sent on."""

    async def scenario(rig: Rig) -> None:
        await rig.live()
        await asyncio.sleep(1.0)  # the controller's self test
        await rig.enabled()
        assert isinstance(await rig.client.request(Charge(level_pct_mso=30)), Done)
        rig.unit.cut_link()
        await rig.until(lambda: rig.client.link == "closed")
        rig.client.stop()
        assert rig.client.is_stopping
        rig.unit.restore_link()
        await rig.until(lambda: not rig.client.is_stopping)
        await rig.live()

    with_rig(scenario)


def test_client_stop_on_a_terrible_line_is_confirmed_in_the_end() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.live()
        rig.unit.set_link_plan(LinkPlan(lose=0.6, corrupt=0.1))
        rig.client.stop()
        await rig.until(lambda: not rig.client.is_stopping, 2.0)

    with_rig(scenario)


def test_client_with_looser_limits_stays_live_but_says_so() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.live()
        await rig.end_client()
        rig.client = rig.new_client(limits=replace(LIMITS, surface_c10_max=400))
        await rig.live()
        await rig.end_client()
        rig.client = rig.new_client(limits=replace(LIMITS, surface_c10_max=405))
        await rig.live()
        assert "tighter limits" in rig.client.link_detail

    with_rig(scenario)


def test_client_of_a_controller_with_another_identity_layout_says_version_mismatch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = LinkProtocol.receive

    def other_layout(self: LinkProtocol, now: float, data: bytes) -> list[Message]:
        made = []
        for kind, seq, payload in Decoder().feed(data):
            longer = payload + b"!" if kind == Identity.TYPE else payload
            made += honest(self, now, encode(kind, seq, longer))
        return made

    monkeypatch.setattr(LinkProtocol, "receive", other_layout)

    async def scenario(rig: Rig) -> None:
        await rig.until(lambda: rig.client.link == "version_mismatch")
        assert "form" in rig.client.link_detail
        assert await rig.client.request(Charge(level_pct_mso=10)) == Refused("link_down")

    with_rig(scenario)


@pytest.mark.parametrize("is_ours", [True, False], ids=["service has another", "unit has none"])
def test_client_whose_key_does_not_fit_says_so_and_does_not_storm(is_ours: bool) -> None:
    """Catches: ten Configures a second for ever, and a link that only says 'identifying'."""

    async def scenario(rig: Rig) -> None:
        await rig.end_client()
        rig.unit.hal.store_key(SIM_LINK_KEY if is_ours else b"")
        rig.unit.reboot_mcu()
        await asyncio.sleep(1.0)
        rig.client = rig.new_client(link_key=bytes(32) if is_ours else SIM_LINK_KEY)
        await rig.until(lambda: rig.client.link == "key_refused")
        assert "tms-edge firmware key" in rig.client.link_detail
        assert await rig.client.request(Charge(level_pct_mso=10)) == Refused("link_down")
        before = len(rig.hellos())
        await asyncio.sleep(20.0)
        assert len(rig.hellos()) - before <= 5
        assert rig.client.link == "key_refused"
        assert rig.statuses[-1].forged == (rig.statuses[-1].refused if is_ours else 0)

    with_rig(scenario)


def test_client_without_a_key_of_its_own_only_identifies_and_can_still_stop() -> None:
    async def scenario(rig: Rig) -> None:
        await rig.end_client()
        rig.client = rig.new_client(link_key=b"")
        await rig.until(lambda: rig.client.link == "key_refused")
        assert rig.client.identity is None
        rig.client.stop()
        await rig.until(lambda: not rig.client.is_stopping, 1.0)

    with_rig(scenario)


def test_client_goes_live_once_the_key_fits() -> None:
    async def scenario(rig: Rig) -> None:
        rig.unit.hal.store_key(b"")
        rig.unit.reboot_mcu()
        await rig.until(lambda: rig.client.link == "key_refused")
        rig.unit.hal.store_key(SIM_LINK_KEY)
        rig.unit.reboot_mcu()
        await rig.live()
        assert rig.client.link_detail == ""

    with_rig(scenario)


def test_client_whose_greeting_was_replaced_by_a_stranger_s_greets_again() -> None:
    """Catches: a forged Hello that makes every command of the service fail until a restart."""

    async def scenario(rig: Rig) -> None:
        await rig.live()
        await asyncio.sleep(1.0)  # the controller's self test
        rig.unit.feed(encode(Hello.TYPE, 9, Hello(protocol=PROTOCOL_VERSION).pack()))
        outcome = await rig.client.request(Charge(level_pct_mso=30))
        assert outcome == Uncertain("seal_refused")
        assert ("identifying", "seal_refused") in rig.links
        await rig.live()
        await rig.enabled()
        assert isinstance(await rig.client.request(Charge(level_pct_mso=30)), Done)

    with_rig(scenario)


def test_client_on_a_line_that_doubles_and_loses_goes_live_and_is_obeyed() -> None:
    """Catches: a Hello heard twice that leaves the service with the first of two challenges."""

    async def scenario(rig: Rig) -> None:
        rig.unit.set_link_plan(LinkPlan(double=1.0, lose=0.2, delay_ns_max=50_000_000))
        await rig.until(lambda: rig.client.is_live, 60.0)
        rig.unit.set_link_plan(LinkPlan(double=1.0, delay_ns_max=50_000_000))
        await asyncio.sleep(1.0)
        await rig.until(lambda: rig.client.is_live, 60.0)
        assert "key_refused" not in [link for link, _ in rig.links]
        await rig.enabled()
        assert isinstance(await rig.client.request(Charge(level_pct_mso=30)), Done)
        rig.client.stop()
        await rig.until(lambda: not rig.client.is_stopping, 2.0)

    with_rig(scenario)
