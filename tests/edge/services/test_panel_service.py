"""The edge's own wires: unknown at start, open at once, closed when stable, doubted in pairs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from edge.ports import PanelInput
from edge.services.chair_state import ChairState
from edge.services.panel_service import PanelService
from edge.services.phase import Phase
from hw_sim import vtime
from tests.support.chair_bench import FakeWallClock


class HandPanel:
    """Levels set by hand."""

    def __init__(self) -> None:
        self.levels = dict.fromkeys(PanelInput, True)
        self.callback: Callable[[], None] | None = None

    def read(self) -> Mapping[PanelInput, bool]:
        return dict(self.levels)

    def watch(self, callback: Callable[[], None] | None) -> None:
        self.callback = callback

    def set(self, name: PanelInput, level: bool | None, *, edge: bool = True) -> None:
        if level is None:
            del self.levels[name]
        else:
            self.levels[name] = level
        if edge and self.callback is not None:
            self.callback()


class Rig:
    def __init__(self) -> None:
        self.panel, self.state = HandPanel(), ChairState()
        self.told: list[str] = []
        phase = Phase(self.state, FakeWallClock())
        self.service = PanelService(self.panel, self.state, phase, self)

    def on_panel_open(self, name: str) -> None:
        self.told.append(f"open {name}")

    def on_disagreement(self, name: str) -> None:
        self.told.append(f"disagree {name}")

    def controller_says(self, level: bool | None) -> None:
        self.state.device.inputs = {each.value: level for each in PanelInput}
        self.service.compare()


def with_rig(scenario: Callable[[Rig], Awaitable[None]]) -> None:
    async def main() -> None:
        rig = Rig()
        assert set(rig.state.device.panel.values()) == {None}
        task = asyncio.ensure_future(rig.service.run())
        try:
            await scenario(rig)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    vtime.run(main())


def test_panel_starts_unknown_and_is_closed_only_after_it_was_stable() -> None:
    """Catches: a starting value that is the good case."""

    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(0.001)
        assert not rig.service.is_closed()
        await asyncio.sleep(0.06)
        assert rig.service.is_closed()

    with_rig(scenario)


def test_panel_opening_counts_at_once_and_bouncing_does_not_close_it() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(0.2)
        rig.panel.set(PanelInput.ESTOP, False)
        assert rig.told == ["open estop"]
        for _ in range(20):
            rig.panel.set(PanelInput.ESTOP, True)
            await asyncio.sleep(0.01)
            rig.panel.set(PanelInput.ESTOP, False)
            await asyncio.sleep(0.001)
        assert rig.state.device.panel["estop"] is False
        rig.panel.set(PanelInput.ESTOP, True)
        await asyncio.sleep(0.06)
        assert rig.state.device.panel["estop"] is True

    with_rig(scenario)


def test_panel_edge_that_was_lost_is_found_by_the_next_reading() -> None:
    """Catches: trusting callbacks alone."""

    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(0.2)
        rig.panel.set(PanelInput.DOOR, False, edge=False)
        await asyncio.sleep(0.26)
        assert rig.told == ["open door"]

    with_rig(scenario)


def test_panel_input_that_cannot_be_read_is_unknown_and_told() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(0.2)
        rig.panel.set(PanelInput.COIL, None)
        assert rig.told == ["open coil"]
        assert rig.state.device.panel["coil"] is None
        assert not rig.service.is_closed()

    with_rig(scenario)


def test_panel_differing_from_the_controller_is_told_after_300_ms_not_before() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(0.2)
        rig.controller_says(False)
        assert rig.service.views()[1]["estop"] is False  # a young difference shows as open
        await asyncio.sleep(0.25)
        rig.controller_says(False)
        assert rig.told == []
        await asyncio.sleep(0.4)
        assert rig.told == [f"disagree {each.value}" for each in PanelInput]
        assert rig.service.views()[1]["estop"] is True
        rig.controller_says(True)
        assert rig.service.views()[0]["estop"] is True

    with_rig(scenario)


def test_panel_with_the_controller_unknown_does_not_disagree() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(0.2)
        rig.controller_says(None)
        await asyncio.sleep(2.0)
        assert rig.told == []

    with_rig(scenario)
