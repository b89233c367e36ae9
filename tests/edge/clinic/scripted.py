"""A line that answers some requests by a rule, for tests of odd servers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge.ports import ClinicAnswer
from tests.edge.clinic.bench import ClinicBench


class Scripted:
    """A line that answers some requests by a rule and passes the others on."""

    def __init__(self, bench: ClinicBench, rule: Callable[[str, str], ClinicAnswer | None]) -> None:
        self._line = bench.line
        self._rule = rule
        self.asked: list[tuple[str, str]] = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> ClinicAnswer:
        self.asked.append((method, path))
        answer = self._rule(method, path)
        if answer is not None:
            return answer
        return await self._line.request(
            method, path, body=body, headers=headers, timeout_s=timeout_s
        )


def scripted(bench: ClinicBench, rule: Callable[[str, str], ClinicAnswer | None]) -> Scripted:
    line = Scripted(bench, rule)
    bench.line = line  # type: ignore[assignment]
    bench.start_edge()
    bench.line = line._line
    return line
