"""Moves the unit's contacts as hands and wear do: with bounce, with chatter.

Owns what each contact is about to do; the plant owns what it does now. A contact that chatters
opens and closes until it is mended. Times are true nanoseconds of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hw_sim.kernel import NS_PER_MS, Event, Kernel
from hw_sim.plant.panel import BIT_BY_NAME
from hw_sim.plant.plant import Plant

# [V] The longest bounce of the catalogue (sources.md reliability 2.3, 62).
BOUNCE_MS_MAX = 50.0


class ContactHand:
    """on_moved hears every change of a contact; mark writes down what was done."""

    def __init__(
        self,
        kernel: Kernel,
        plant: Plant,
        on_moved: Callable[[], None],
        mark: Callable[[str], None],
    ) -> None:
        self._kernel = kernel
        self._plant = plant
        self._on_moved = on_moved
        self._mark = mark
        self._coming: dict[str, list[Event]] = {}

    def move(self, name: str, *, is_closed: bool) -> None:
        """Move a contact, with its bounce; a bounce or chatter still going on is over."""
        self._kernel.sync()
        self._still(name)
        if self.is_closed(name) == is_closed:
            return
        self._mark(f"{name} {'closed' if is_closed else 'opened'}")
        moments = self._plant.panel.bounce(self._kernel.now_ns)
        self._coming[name] = [
            self._kernel.at(moment, partial(self.set, name, is_closed == is_new))
            for moment, is_new in moments[1:]
        ]
        self.set(name, is_closed)

    def chatter(self, name: str, period_ms: float | None) -> None:
        """Open and close once in each period from now on; None mends it, closed."""
        self._kernel.sync()
        self._still(name)
        self._mark(f"{name} {'mended' if period_ms is None else 'chatters'}")
        if period_ms is None:
            self.set(name, True)
        else:
            self._toggle(name, round(period_ms * NS_PER_MS) // 2)

    def set_bounce(self, span_ms: float) -> None:
        """How long contacts bounce from now on, at most BOUNCE_MS_MAX."""
        assert 0 < span_ms <= BOUNCE_MS_MAX
        self._plant.panel.bounce_span_ns = round(span_ms * NS_PER_MS)

    def set(self, name: str, is_closed: bool) -> None:
        """Put a contact there now, without any bounce."""
        if self._plant.set_contact(name, is_closed):
            self._on_moved()

    def is_closed(self, name: str) -> bool:
        """The contact itself, whatever its wires say."""
        return bool(self._plant.panel.contacts & BIT_BY_NAME[name])

    def _toggle(self, name: str, half_ns: int) -> None:
        self._coming[name] = [self._kernel.after(half_ns, partial(self._toggle, name, half_ns))]
        self.set(name, not self.is_closed(name))

    def _still(self, name: str) -> None:
        for event in self._coming.pop(name, []):
            event.cancel()
