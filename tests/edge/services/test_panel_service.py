"""The edge's own wires: unknown at start, open at once, closed when stable, doubted in pairs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import pytest

from edge.domain.contacts import CLOSE_STABLE_S, STALE_S
from edge.domain.device_facts import OWN_WIRES
from edge.ports import READ_BACKS, PanelInput
from edge.services.chair_state import ChairState
from edge.services.panel_service import READ_PERIOD_S, PanelService
from edge.services.phase import Phase
from hw_sim import vtime
from tests.support.chair_bench import FakeWallClock

pytestmark = pytest.mark.control("interlocks-edge")

SETTLED_S = CLOSE_STABLE_S + 2 * READ_PERIOD_S
CONTACTS = tuple(each for each in PanelInput if each not in READ_BACKS)


class HandPanel:
    """Levels set by hand."""

    def __init__(self, fitted: tuple[PanelInput, ...]) -> None:
        self._fitted = fitted
        self.levels = dict.fromkeys(fitted, True)
        self.callback: Callable[[], None] | None = None

    def fitted(self) -> tuple[PanelInput, ...]:
        return self._fitted

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
    """The service and everybody it talks to."""

    def __init__(
        self,
        fitted: tuple[PanelInput, ...] = tuple(PanelInput),
        inputs_fitted: tuple[str, ...] = tuple(OWN_WIRES),
    ) -> None:
        self.panel, self.state = HandPanel(fitted), ChairState()
        self.told: list[str] = []
        self.witnessed: list[str] = []
        self.reads = 0
        phase = Phase(self.state, FakeWallClock())
        self.service = PanelService(self.panel, self.state, phase, self, lambda: inputs_fitted)
        self.service.listen(self)

    def on_panel_open(self, name: str) -> None:
        self.told.append(f"open {name}")

    def on_disagreement(self, name: str) -> None:
        self.told.append(f"disagree {name}")

    def on_panel_read(self) -> None:
        self.reads += 1

    def seen_open(self, name: str) -> None:
        self.witnessed.append(name)

    def controller_says(self, level: bool | None, name: str = "") -> None:
        names = [name] if name else list(OWN_WIRES)
        self.state.device.inputs |= dict.fromkeys(names, level)
        self.service.compare()


def with_rig(scenario: Callable[[Rig], Awaitable[None]], rig: Callable[[], Rig] = Rig) -> None:
    async def main() -> None:
        made = rig()
        assert set(made.state.device.panel.values()) == {None}
        task = asyncio.ensure_future(made.service.run())
        try:
            await scenario(made)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    vtime.run(main())


def test_panel_starts_unknown_and_is_closed_only_after_it_was_stable() -> None:
    """Catches: a starting value that is the good case."""

    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(CLOSE_STABLE_S - 0.001)
        assert not rig.service.is_closed()
        await asyncio.sleep(0.002)
        assert rig.service.is_closed()

    with_rig(scenario)


def test_panel_opening_counts_at_once_and_bouncing_does_not_close_it() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        rig.panel.set(PanelInput.ESTOP, False)
        assert rig.told == ["open estop"]
        for _ in range(4):
            rig.panel.set(PanelInput.ESTOP, True)
            await asyncio.sleep(0.01)
            rig.panel.set(PanelInput.ESTOP, False)
            await asyncio.sleep(0.001)
        assert rig.state.device.panel["estop"] is False
        rig.panel.set(PanelInput.ESTOP, True)
        await asyncio.sleep(SETTLED_S)
        assert rig.state.device.panel["estop"] is True

    with_rig(scenario)


def test_panel_edge_that_was_lost_is_found_by_the_next_reading() -> None:
    """Catches: trusting callbacks alone."""

    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        rig.panel.set(PanelInput.DOOR, False, edge=False)
        await asyncio.sleep(READ_PERIOD_S + 0.001)
        assert rig.told == ["open door"]

    with_rig(scenario)


def test_panel_input_that_cannot_be_read_is_unknown_and_told() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        rig.panel.set(PanelInput.COIL, None)
        assert rig.told == ["open coil"]
        assert rig.state.device.panel["coil"] is None
        assert not rig.service.is_closed()

    with_rig(scenario)


def test_panel_that_nobody_reads_any_more_is_unknown_by_the_deadline() -> None:
    """Catches: the last level kept for ever when the reading task hangs."""

    async def main() -> None:
        rig = Rig()
        rig.service.sample()
        await asyncio.sleep(CLOSE_STABLE_S)
        rig.service.sample()
        assert rig.service.is_closed()
        assert rig.service.is_attended()
        await asyncio.sleep(STALE_S + 0.001)
        assert not rig.service.is_closed()
        assert not rig.service.is_attended()
        assert set(rig.service.views()[1].values()) == {None}
        rig.service.sample()
        assert {f"open {each.value}" for each in CONTACTS} == set(rig.told)

    vtime.run(main())


def test_panel_differing_from_the_controller_is_told_after_its_time_not_before() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        rig.controller_says(False)
        assert rig.service.views()[1]["estop"] is False  # a young difference shows as open
        await asyncio.sleep(0.25)
        assert rig.told == []
        await asyncio.sleep(0.2)
        paired = [f"disagree {own}" for name, own in OWN_WIRES.items() if name == own]
        assert sorted(rig.told) == sorted(paired)  # the coolant has longer to come to rest
        assert rig.service.views()[1]["estop"] is True
        await asyncio.sleep(2.0)
        assert rig.told[-1] == "disagree flow"
        rig.controller_says(True)
        assert rig.service.views()[0]["estop"] is True

    with_rig(scenario)


def test_panel_that_is_closing_shows_as_open_and_does_not_disagree() -> None:
    """Catches: the edge's own debounce taken for a broken wire."""

    async def scenario(rig: Rig) -> None:
        rig.controller_says(True)
        for _ in range(8):
            theirs, own = rig.service.views()
            assert own["door"] in (None, False)
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        rig.panel.set(PanelInput.DOOR, False)
        rig.controller_says(False)
        rig.panel.set(PanelInput.DOOR, True)
        rig.controller_says(True)
        await asyncio.sleep(0.4)
        theirs, own = rig.service.views()
        assert (theirs["door"], own["door"]) == (False, False)
        await asyncio.sleep(0.2)
        assert rig.service.views()[1]["door"] is True
        assert rig.told == ["open door"]

    with_rig(scenario)


def test_panel_with_the_controller_unknown_does_not_disagree() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        rig.controller_says(None)
        await asyncio.sleep(4.0)
        assert rig.told == []

    with_rig(scenario)


def test_panel_contact_that_chatters_is_named_open_and_no_disagreement() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        rig.controller_says(True)
        for _ in range(12):
            rig.panel.set(PanelInput.DOOR, False)
            await asyncio.sleep(0.1)
            rig.panel.set(PanelInput.DOOR, True)
            await asyncio.sleep(0.1)
        assert "door" in rig.state.device.chattering
        await asyncio.sleep(1.0)
        assert rig.state.device.panel["door"] is False
        assert rig.service.views()[0]["door"] is False
        assert "disagree door" not in rig.told
        await asyncio.sleep(2.5)
        assert not rig.state.device.chattering
        assert rig.service.is_closed()

    with_rig(scenario)


def test_panel_that_flaps_for_a_moment_in_each_second_stays_readable() -> None:
    """Slow enough for a hand: no chatter, each opening told."""

    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        for _ in range(5):
            rig.panel.set(PanelInput.PATIENT, False)
            rig.panel.set(PanelInput.PATIENT, True)
            await asyncio.sleep(1.0)
        assert rig.state.device.chattering == ()
        assert rig.told == ["open patient"] * 5

    with_rig(scenario)


# Coolant flow


def test_panel_flow_stands_beside_the_tacho_of_a_cooled_coil() -> None:
    async def scenario(rig: Rig) -> None:
        rig.controller_says(True)
        await asyncio.sleep(SETTLED_S)
        assert rig.service.is_closed()
        rig.panel.set(PanelInput.FLOW, False)
        assert rig.told == ["open flow"]
        assert not rig.service.is_closed()
        assert rig.service.views()[0]["cooling"] is False
        await asyncio.sleep(2.2)  # the tacho goes on saying that it runs
        assert rig.told == ["open flow", "disagree flow"]
        assert rig.service.views()[0]["cooling"] is True

    with_rig(scenario)


def test_panel_flow_means_nothing_to_a_coil_without_cooling() -> None:
    def passive() -> Rig:
        return Rig(inputs_fitted=tuple(name for name in OWN_WIRES if name != "cooling"))

    async def scenario(rig: Rig) -> None:
        rig.panel.set(PanelInput.FLOW, False)
        rig.controller_says(True)
        await asyncio.sleep(SETTLED_S + 3.0)
        assert rig.service.is_closed()
        assert rig.told == []

    with_rig(scenario, passive)


# Attendance


def test_panel_attendance_is_told_and_is_no_interlock() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        assert rig.service.is_attended()
        rig.panel.set(PanelInput.ATTEND, False)
        assert rig.told == ["open attend"]
        assert not rig.service.is_attended()
        assert rig.service.is_closed()

    with_rig(scenario)


def test_panel_without_an_attendance_switch_is_always_attended() -> None:
    def without() -> Rig:
        return Rig(fitted=tuple(each for each in PanelInput if each is not PanelInput.ATTEND))

    async def scenario(rig: Rig) -> None:
        assert rig.service.is_attended()
        assert "attend" not in rig.state.device.panel

    with_rig(scenario, without)


# Openings that prove a contact


def test_panel_opening_on_both_wires_is_witnessed_once() -> None:
    async def scenario(rig: Rig) -> None:
        rig.controller_says(True)
        await asyncio.sleep(SETTLED_S)
        rig.panel.set(PanelInput.DOOR, False)
        await asyncio.sleep(0.05)
        assert rig.witnessed == []
        rig.controller_says(False, "door")
        rig.controller_says(False, "door")
        assert rig.witnessed == ["door"]
        rig.panel.set(PanelInput.DOOR, True)
        rig.controller_says(True, "door")
        await asyncio.sleep(1.0)
        rig.panel.set(PanelInput.DOOR, False)
        rig.controller_says(False, "door")
        assert rig.witnessed == ["door", "door"]

    with_rig(scenario)


@pytest.mark.parametrize("own", [True, None])
def test_panel_opening_on_one_wire_alone_proves_nothing(own: bool | None) -> None:
    """Catches: a bridged wire that is proved by the other one."""

    async def scenario(rig: Rig) -> None:
        rig.controller_says(True)
        await asyncio.sleep(SETTLED_S)
        if own is None:
            rig.panel.set(PanelInput.DOOR, None)
        rig.controller_says(False, "door")
        await asyncio.sleep(1.0)
        assert "door" not in rig.witnessed

    with_rig(scenario)


def test_panel_attendance_is_proved_by_its_one_wire() -> None:
    async def scenario(rig: Rig) -> None:
        await asyncio.sleep(SETTLED_S)
        rig.panel.set(PanelInput.ATTEND, False)
        assert rig.witnessed == ["attend"]

    with_rig(scenario)
