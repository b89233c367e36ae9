# Repeatable random numbers and run sizes for tests on both interpreters. MicroPython under
# WebAssembly is some fifty times slower, so it gets smaller runs of the same tests.
import sys

IS_MICROPYTHON = sys.implementation.name == "micropython"


class Chance:
    # The generator of Knuth's MMIX in 64 bits; the upper half is good enough here.

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, limit: int) -> int:
        """0 to limit - 1."""
        self._state = (self._state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        return (self._state >> 33) % limit

    def blob(self, size: int) -> bytes:
        """Random bytes."""
        return bytes([self.below(256) for _ in range(size)])


def sized(on_cpython: int, on_micropython: int) -> int:
    """The size of a run on this interpreter."""
    return on_micropython if IS_MICROPYTHON else on_cpython
