"""Plays bursts on the unit's own sounder and listens whether they are there.

What is played is edge/domain/alarm_sounds.py, when is the alarm service's. A burst that has begun
is played to its end when its condition goes by itself; a person's silence is at once. Runs on the
loop's clock by timers; silent unless told. Decides no alarm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edge.domain.alarm_sounds import Step, Tone
from edge.ports import Indicators

# [P] Tones in a row without a current, or silences in a row with one, before the sounder counts as
# dead or stuck; and right steps in a row that prove it: two tones and two silences.
WRONG_MAX = 3
RIGHT_MIN = 4


class Sounder:
    """The one sounder."""

    def __init__(self, indicators: Indicators, on_judged: Callable[[bool], None]) -> None:
        """on_judged hears True when bursts have proved the sounder, False when it is dead."""
        self._indicators = indicators
        self._on_judged = on_judged
        self._score: tuple[Step, ...] = ()
        self._step = 0
        self._is_last = False
        self._right = 0
        self._wrong = {True: 0, False: 0}  # by whether it was a tone
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_playing(self) -> bool:
        """A burst, or the pause before it is played again."""
        return bool(self._score)

    def sound(self, score: tuple[Step, ...]) -> None:
        """Play this burst again and again; another one that is playing is cut off."""
        self._is_last = False
        if score == self._score:
            return
        self.silence()
        self._score = score
        self._play()

    def end(self) -> None:
        """The condition has gone: no further burst after the one that is playing."""
        self._is_last = True
        if self._is_between():
            self.silence()

    def silence(self) -> None:
        """Be silent at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._score:
            self._indicators.set_sounder(None)
        self._score = ()
        self._step = 0
        self._right = 0
        self._wrong = {True: 0, False: 0}  # by whether it was a tone

    def _is_between(self) -> bool:
        """In the pause after a burst; _step is the one that follows."""
        return self._step == 0

    def _play(self) -> None:
        tone, for_s = self._score[self._step]
        self._step = (self._step + 1) % len(self._score)
        if self._is_between() and self._is_last:
            self.silence()
            return
        self._indicators.set_sounder(tone)
        self._timer = asyncio.get_running_loop().call_later(for_s, self._after, tone)

    def _after(self, tone: Tone | None) -> None:
        self._listen(tone is not None)
        self._play()

    def _listen(self, is_tone: bool) -> None:
        """At the end of a step, when the current has had time to come or to go."""
        is_right = self._indicators.sounder_current() is is_tone
        self._right = self._right + 1 if is_right else 0
        self._wrong[is_tone] = 0 if is_right else self._wrong[is_tone] + 1
        if self._right == RIGHT_MIN:
            self._on_judged(True)
        if not is_right and self._wrong[is_tone] == WRONG_MAX:
            self._on_judged(False)
