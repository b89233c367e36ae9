"""The whole product with a tap on everything by which the edge acts on the world.

Between two such effects a killed process leaves the same world behind, so the points before each
effect stand for every step of the loop. A process that was struck dead has no effect any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from edge.adapters.store.sqlite_store import SqliteStore
from edge.domain.alarm_sounds import Tone
from edge.ports import (
    Adapters,
    ByteLink,
    ClinicAnswer,
    ClinicHttp,
    HostEnable,
    Indicators,
    Lamp,
    LinkOpener,
)
from hw_sim.card.store import Sections, open_on
from hw_sim.system import SimSystem, SystemOptions

Tap = Callable[[str], bool]  # kind of effect; False: the process is dead, it has none


class TappedSystem(SimSystem):
    """on_effect is called before each effect of the edge that lives."""

    def __init__(self, options: SystemOptions) -> None:
        super().__init__(options)
        self.effects = 0
        self.on_effect: Callable[[str], None] | None = None
        self.sections: Sections | None = None
        self._living = 0

    def adapters(self, store: SqliteStore) -> Adapters:
        """The same outer world, tapped."""
        self._living += 1
        number = self._living

        def tap(kind: str) -> bool:
            if number != self._living:
                return False
            self.effects += 1
            if self.on_effect is not None:
                self.on_effect(kind)
            return number == self._living

        plain = super().adapters(store)
        return replace(
            plain,
            link=_Opener(plain.link, tap),
            host_enable=_Enable(plain.host_enable, tap),
            indicators=_Indicators(plain.indicators, tap),
            clinic=_Clinic(plain.clinic, tap),
        )

    def open_store(self) -> SqliteStore:
        """With the same ear on each stretch of card operations."""
        if self.sections is None:
            return super().open_store()
        self.sections.begin("open")
        try:
            store = open_on(self.card)
        finally:
            self.sections.end()
        store.sections = self.sections
        return store

    def strike_dead(self) -> None:
        """Also what it still does in this very callback has no effect."""
        self._living += 1
        super().strike_dead()


class _Opener:
    def __init__(self, inner: LinkOpener, tap: Tap) -> None:
        self._inner, self._tap = inner, tap

    async def open(self) -> ByteLink:
        self._tap("open the line")
        return _Line(await self._inner.open(), self._tap)


class _Line:
    def __init__(self, inner: ByteLink, tap: Tap) -> None:
        self._inner, self._tap = inner, tap

    async def read(self) -> bytes:
        return await self._inner.read()

    def write(self, data: bytes) -> None:
        if self._tap("bytes to the controller"):
            self._inner.write(data)

    def close(self) -> None:
        self._inner.close()


class _Enable:
    def __init__(self, inner: HostEnable, tap: Tap) -> None:
        self._inner, self._tap = inner, tap

    def beat(self) -> None:
        if self._tap("edge of the enable"):
            self._inner.beat()

    def drop(self) -> None:
        if self._tap("enable dropped"):
            self._inner.drop()


class _Indicators:
    def __init__(self, inner: Indicators, tap: Tap) -> None:
        self._inner, self._tap = inner, tap

    def set_lamp(self, lamp: Lamp) -> None:
        if self._tap("lamp"):
            self._inner.set_lamp(lamp)

    def set_sounder(self, tone: Tone | None) -> None:
        if self._tap("sounder"):
            self._inner.set_sounder(tone)

    def sounder_current(self) -> bool | None:
        return self._inner.sounder_current()


class _Clinic:
    def __init__(self, inner: ClinicHttp, tap: Tap) -> None:
        self._inner, self._tap = inner, tap

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> ClinicAnswer:
        self._tap(f"{method} to the clinic")
        return await self._inner.request(
            method, path, body=body, headers=headers, timeout_s=timeout_s
        )
