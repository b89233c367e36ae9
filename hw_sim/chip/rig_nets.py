# A wire of the stand-in board: its level at every cycle of the recent past. Knows nothing of what
# drives it. Cycles are whole numbers of the 125 MHz clock. In the subset of MicroPython, because
# the same stand-in runs under its WebAssembly build.

HISTORY = 4096  # changes kept of one wire: 1,000 pulses, far more than one look back needs


class Net:
    def __init__(self, level: int = 0) -> None:
        self.changes: "list[tuple[int, int]]" = []
        self._before = level  # level before the first change kept

    def _after(self, cycle: int) -> int:
        # Index of the first change later than cycle.
        low, high = 0, len(self.changes)
        if high and self.changes[high - 1][0] <= cycle:
            return high
        while low < high:
            middle = (low + high) // 2
            if self.changes[middle][0] <= cycle:
                low = middle + 1
            else:
                high = middle
        return low

    def level_at(self, cycle: int) -> int:
        """Level in this cycle."""
        index = self._after(cycle)
        return self.changes[index - 1][1] if index else self._before

    def next_change(self, cycle: int) -> int:
        """First cycle after this one in which the level is another; -1 when none is known."""
        index = self._after(cycle)
        return self.changes[index][0] if index < len(self.changes) else -1

    def drive(self, cycle: int, level: int) -> None:
        """Level from this cycle on; changes that were foreseen later than it are forgotten."""
        index = self._after(cycle)
        if index < len(self.changes):
            self.changes = self.changes[:index]
        if self.changes and self.changes[-1][0] == cycle:
            self.changes.pop()
        last = self.changes[-1][1] if self.changes else self._before
        if last != level:
            self.changes.append((cycle, level))
        if len(self.changes) > HISTORY:
            half = len(self.changes) // 2
            self._before = self.changes[half - 1][1]
            self.changes = self.changes[half:]

    def rises(self) -> "list[int]":
        """Cycles of all rising edges kept."""
        return [cycle for cycle, level in self.changes if level]
