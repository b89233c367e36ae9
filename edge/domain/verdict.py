"""The answer to a request: accepted, or refused with a code.

A rejection is a value (style of the house): no exception crosses a floor for it. Codes are keys of
the text catalogue (refusal-<code>); args fill its placeholders. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    """code is empty when accepted."""

    code: str = ""
    args: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def is_accepted(self) -> bool:
        return not self.code


ACCEPTED = Verdict()


def refused(code: str, **args: str | int | float) -> Verdict:
    """A rejection with the values it was judged by."""
    return Verdict(code, args)
