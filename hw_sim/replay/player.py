"""Builds the real product on a tape and plays it to its end or to the first difference.

Header and steps come in; the answer is counts, both hashes and the difference if there is one. The
product is edge.app's own, with the configuration and protocols of the unit out of the header; its
link key is not there and not needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from edge.api.hub import Hub
from edge.app import App, build_app
from edge.blackbox.channels import Ch
from edge.blackbox.doors import HubActs, play_door
from edge.blackbox.header import Header
from edge.blackbox.ports_device import (
    TapedClock,
    TapedDisk,
    TapedEntropy,
    TapedHostEnable,
    TapedIndicators,
    TapedInit,
    TapedOpener,
    TapedPanel,
    TapedThermometer,
)
from edge.blackbox.ports_records import TapedClinic, TapedPins, TapedSigner, TapedStore, TapedTracks
from edge.blackbox.stage import begin, fail
from edge.blackbox.tape import Step
from edge.config import Config
from edge.ports import Adapters
from edge.services.library import ProtocolLibrary
from hw_sim.replay.loop import Difference, ReplayingLoop, ReplayStopped

NO_KEY = bytes(32)  # the codes that depend on it are not on the tape


@dataclass(frozen=True)
class Replay:
    """What came of it."""

    inputs: int
    events: int
    steps: int
    until_s: float
    hash: str  # of the replay
    recorded_hash: str  # at the last mark that was passed
    is_closed: bool  # the recording was ended in order
    end: str  # its reason
    difference: Difference | None

    @property
    def is_same(self) -> bool:
        return self.difference is None and self.hash == self.recorded_hash


class Player:
    """One replay."""

    def __init__(self, header: Header) -> None:
        self._header = header
        self.loop = ReplayingLoop()
        self._panel = TapedPanel(self.loop, None)
        self._acts: HubActs
        self._hub: Hub
        self._task: asyncio.Task[None] | None = None
        self.app: App | None = None

    def play(
        self,
        steps: Iterable[Step],
        *,
        until_s: float | None = None,
        passed: Callable[[Step], None] | None = None,
    ) -> Replay:
        """All of it, or up to a time of the product's clock."""
        loop, marked, count = self.loop, "", 0
        is_closed, end = False, ""
        for step in steps:
            if until_s is not None and step.now_s > until_s:
                break
            if step.kind in ("mark", "end"):
                marked = step.hash.hex()
                is_closed, end = step.kind == "end", step.payload.decode()
                self._compare_hash(step)
            else:
                loop.play(step, self._door)
                marked = "" if step.outs else marked
                count += 1
            if passed is not None:
                passed(step)
            if loop.difference is not None:
                break
        own = loop.hash.digest().hex()
        return Replay(
            loop.inputs,
            loop.hash.events,
            count,
            loop.time(),
            own,
            marked or own,
            is_closed,
            end,
            loop.difference,
        )

    def close(self) -> None:
        """Let the product go."""
        self.loop.run_out()

    def _compare_hash(self, step: Step) -> None:
        loop = self.loop
        if (step.events, step.hash) == (loop.hash.events, loop.hash.digest()):
            return
        with suppress(ReplayStopped):
            loop.part(
                "event hash",
                f"{step.events} events, {step.hash.hex()}",
                f"{loop.hash.events} events, {loop.hash.digest().hex()}",
            )

    def _door(self, channel: Ch, payload: bytes) -> None:
        match channel:
            case Ch.BUILD:
                self.app = self._build()
            case Ch.RUN:
                assert self.app is not None
                self._task = begin(self.app.run, _look)
            case Ch.CANCEL:
                assert self._task is not None
                self._task.cancel()
            case Ch.PANEL_EDGE:
                self._panel.edge()
            case Ch.FAILURE:
                fail(self.loop, RuntimeError(payload.decode()))
            case _:
                self._knock(channel, payload)

    def _knock(self, channel: Ch, payload: bytes) -> None:
        try:
            is_known = play_door(self._acts, self._hub, channel, payload)
        except Exception:  # noqa: BLE001 - the recorded caller has met it; the tape goes on
            return
        assert is_known, channel

    def _build(self) -> App:
        header, gate = self._header, self.loop

        def keep(hub: Hub) -> Hub:
            self._hub, self._acts = hub, HubActs(gate, hub)
            return hub

        config = msgspec.json.decode(header.config, type=Config)
        return build_app(
            config,
            Adapters(
                link=TapedOpener(gate, None),
                panel=self._panel,
                indicators=TapedIndicators(gate, None),
                host_enable=TapedHostEnable(gate, None),
                thermometer=TapedThermometer(gate, None),
                store=TapedStore(gate, None),
                wall_clock=TapedClock(gate, None),
                entropy=TapedEntropy(gate, None),
                clinic=TapedClinic(gate, None),
                service_manager=TapedInit(gate, None),
                disk=TapedDisk(gate, None),
                signer=TapedSigner(gate, None),
                machine_boot=header.machine_boot,
                tracks=TapedTracks(gate, None),
            ),
            library=ProtocolLibrary.load(header.library, config.protocols.trusted_keys),
            pins=TapedPins(gate, None),
            page={},
            software_version=header.software_version,
            link_key=NO_KEY if header.has_link_key else b"",
            doors=keep,
        )


def _look(task: asyncio.Task[Any]) -> None:
    if not task.cancelled():
        task.exception()
