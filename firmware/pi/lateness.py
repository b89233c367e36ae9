"""How late wakes and pulses were: a histogram of whole microseconds, bounded, never averaged.

Counts every event, so that the worst one cannot hide. Decides nothing; knows no clock.
"""

from __future__ import annotations

BINS = 5000  # [P] 5 ms; what is later lands in the last bin and is known by its maximum only
# Parts per thousand, as the bench prints them (sources.md performance 1).
QUANTILES = (("p50_us", 500), ("p99_us", 990), ("p999_us", 999))


class Lateness:
    """Lateness of one kind of event."""

    def __init__(self) -> None:
        self._bins = [0] * (BINS + 1)
        self.count = 0
        self.worst_us = 0

    def add(self, late_ns: int) -> None:
        """One event; early counts as in time. Rounded up."""
        late_us = max(0, -(-late_ns // 1000))
        self._bins[min(late_us, BINS)] += 1
        self.count += 1
        self.worst_us = max(self.worst_us, late_us)

    def quantile_us(self, per_mille: int) -> int:
        """Smallest lateness that so many of a thousand events do not exceed; 0 without events."""
        wanted = -(-self.count * per_mille // 1000)
        seen = 0
        for late_us, count in enumerate(self._bins[:BINS]):
            seen += count
            if seen >= wanted:
                return late_us
        return self.worst_us

    def summary(self) -> dict[str, int]:
        """Figures for the report."""
        figures = {name: self.quantile_us(per_mille) for name, per_mille in QUANTILES}
        return {"count": self.count, **figures, "worst_us": self.worst_us}
