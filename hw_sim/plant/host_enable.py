"""The one-shot behind the edge's host enable: on while the last edge of a square wave is young.

Metal: a retriggerable one-shot in series with the contacts and the controller's enable. Every edge
of the pin counts, a level never does, so a pin stuck high, a hung loop or a dead kernel let it
fall. Owns its faults and its record; decides nothing. True nanoseconds of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable

from hw_sim.kernel import NS_PER_MS, Event, Kernel
from hw_sim.recorder import TruthRecorder

HOST_LIFE_NS = 250 * NS_PER_MS  # [P] six toggles of the edge
HOST_WIRE = "host_enable"  # output
HOST_EDGE_WIRE = "host_edge"  # every edge that arrived


class HostOneShot:
    """on_change is called with the new level of the output."""

    def __init__(
        self, kernel: Kernel, recorder: TruthRecorder, on_change: Callable[[bool], None]
    ) -> None:
        self._kernel = kernel
        self._recorder = recorder
        self._on_change = on_change
        self._level = False  # of the pin, as the edge drives it
        self._edge_ns: int | None = None  # last edge that arrived
        self._pin_stuck: bool | None = None
        self._output_stuck: bool | None = None
        self._is_on = False
        self._decay: Event | None = None
        recorder.wire(kernel.now_ns, HOST_WIRE, 0)

    @property
    def level(self) -> bool:
        """What the edge drives, whatever arrives."""
        return self._level

    @property
    def pin_stuck(self) -> bool | None:
        """Level at which the pin is held; None when it is whole."""
        return self._pin_stuck

    @property
    def output_stuck(self) -> bool | None:
        """Level at which the output is held; None when it is whole."""
        return self._output_stuck

    def is_on(self, now_ns: int) -> bool:
        """Whether current may pass here."""
        if self._output_stuck is not None:
            return self._output_stuck
        return self._edge_ns is not None and now_ns < self._edge_ns + HOST_LIFE_NS

    def drive(self, level: bool) -> None:
        """The edge sets its pin."""
        before, self._level = self._level, level
        if level is not before and self._pin_stuck is None:
            self._take_edge()

    def stick_pin(self, level: bool | None) -> None:
        """Hold the wire of the pin: no edge arrives any more, whatever is driven. None mends it."""
        was = self._level if self._pin_stuck is None else self._pin_stuck
        self._pin_stuck = level
        if was is not (self._level if level is None else level):
            self._take_edge()  # the one edge that the fault itself makes

    def stick_output(self, level: bool | None) -> None:
        """Weld the output on or off; None mends it."""
        self._output_stuck = level
        self._follow()

    def _take_edge(self) -> None:
        self._edge_ns = self._kernel.now_ns
        self._recorder.wire(self._edge_ns, HOST_EDGE_WIRE, self._level)
        if self._decay is None:
            self._wait()
        self._follow()

    def _wait(self) -> None:
        """One event follows the life of the output, however often it is retriggered."""
        assert self._edge_ns is not None
        self._decay = self._kernel.at(self._edge_ns + HOST_LIFE_NS, self._on_due)

    def _on_due(self) -> None:
        assert self._edge_ns is not None
        if self._kernel.now_ns < self._edge_ns + HOST_LIFE_NS:
            self._wait()
            return
        self._decay = None
        self._follow()

    def _follow(self) -> None:
        is_on = self.is_on(self._kernel.now_ns)
        if is_on is self._is_on:
            return
        self._is_on = is_on
        self._recorder.wire(self._kernel.now_ns, HOST_WIRE, is_on)
        self._on_change(is_on)
