"""Replays a program's calls into the text of pioasm, for an assembler that is not ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asm_pio import PIO

__all__ = ["PIO", "asm_pio"]

PLAIN = ("pins", "x", "y", "null", "isr", "osr", "pin", "block", "noblock")  # said as they are
CONDITIONS = {
    "not_x": "!x",
    "x_dec": "x--",
    "not_y": "!y",
    "y_dec": "y--",
    "x_not_y": "x!=y",
    "not_osre": "!osre",
}


class _Line:
    def __init__(self, text: str) -> None:
        self.text = text

    def __getitem__(self, cycles: int) -> _Line:
        self.text += f" [{cycles}]"
        return self


class Recorder:
    """Text of one program, line by line."""

    def __init__(self) -> None:
        self.lines: list[_Line] = []

    def _say(self, text: str) -> _Line:
        self.lines.append(_Line(text))
        return self.lines[-1]

    def names(self) -> dict[str, Any]:
        """What a program may say; an instruction's name is its own text, in_ without the dash."""

        def speaker(word: str) -> Callable[..., _Line]:
            return lambda *given: self._say(f"{word} {', '.join(str(item) for item in given)}")

        said = {word: speaker(word) for word in ("jmp", "out", "push", "pull", "mov", "set")}
        return {
            **{name: name for name in PLAIN},
            **CONDITIONS,
            **said,
            "in_": speaker("in"),
            "nop": lambda: self._say("nop"),
            "label": lambda name: self._say(f"{name}:"),
            "wrap_target": lambda: self._say(".wrap_target"),
            "wrap": lambda: self._say(".wrap"),
            "invert": lambda source: f"~{source}",
            "reverse": lambda source: f"::{source}",
        }


def asm_pio(**_options: object) -> Callable[[Callable[[], None]], str]:
    """Decorator: the program becomes its text."""

    def decorate(function: Callable[[], None]) -> str:
        recorder = Recorder()
        world = dict(recorder.names())
        exec(function.__code__, world)
        return "\n".join([f".program {function.__name__}", *(line.text for line in recorder.lines)])

    return decorate
