"""The line to the simulated clinic: edge.ports.ClinicHttp in memory, with faults from a seed.

Works in virtual and in real time. Each request draws its fate: refused, lost on the way, answered
busy, committed with the answer lost, slow, committed long after the client gave up, reset, carried
twice, or answered by somebody else. What has reached the server goes on there even when the client
dies. Counts requests in flight, the client's and the writes at the server; neither may ever pass
one.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

from edge.ports import ClinicAnswer, ClinicUnreachableError
from hw_sim.clinic.fhir_server import BASE, ClinicServer

SERVER_S = 0.02  # [M] sources.md clinic 4.3: 7 to 40 ms a request
WAY_S = 0.005


@dataclass(frozen=True)
class Faults:
    """Probability of each fate; the rest is a plain answer."""

    refused: float = 0.0
    lost_request: float = 0.0
    lost_answer: float = 0.0
    busy_503: float = 0.0
    busy_429: float = 0.0
    slow: float = 0.0
    late: float = 0.0  # the client gives up, the server commits afterwards
    late_s_max: float = 4.0  # after the client gave up; under the least quiet time
    slow_s_max: float = 20.0
    reset_request: float = 0.0  # the connection breaks before the server has the request
    reset_answer: float = 0.0  # it breaks within the answer, after the commit
    twice: float = 0.0  # the request comes to the server again, after later ones
    portal: float = 0.0  # a captive portal: 200 with a page
    certificate: float = 0.0  # expired, wrong name, wrong authority, not yet valid
    no_name: float = 0.0  # the name server does not know the clinic
    wrong_host: float = 0.0  # it names another machine, which has nothing
    huge_answer: float = 0.0  # larger than the client takes, after the commit
    writes_only: bool = False


# [M] sources.md clinic 4.1: 45 % of requests go wrong.
ROUGH = Faults(
    refused=0.08, lost_request=0.08, lost_answer=0.09, busy_503=0.07, busy_429=0.06, late=0.07
)
Reply = tuple[int, dict[str, str], bytes]
FATES = (
    "refused",
    "lost_request",
    "lost_answer",
    "busy_503",
    "busy_429",
    "slow",
    "late",
    "reset_request",
    "reset_answer",
    "twice",
    "portal",
    "certificate",
    "no_name",
    "wrong_host",
    "huge_answer",
)
# Nothing of these reaches the clinic: the reason, and whether it might have.
CUT_SHORT = {
    "refused": ("connection refused", False),
    "certificate": ("certificate verify failed", False),
    "no_name": ("name or service not known", False),
    "reset_request": ("connection reset by peer", True),
}
# Somebody answers who is not the clinic, or not its application.
OTHERS = {
    "busy_503": ClinicAnswer(503, {}, b"<html>Service Unavailable</html>"),
    "portal": ClinicAnswer(200, {"content-type": "text/html"}, b"<html>Welcome</html>"),
    "wrong_host": ClinicAnswer(404, {"content-type": "text/plain"}, b"nothing here"),
}
BROKEN_ANSWERS = {
    "reset_answer": "connection reset by peer",
    "huge_answer": "answer larger than allowed",
}
AGAIN_S_MAX = 4.0  # under the least quiet time of the client: after its next requests at the latest


class ClinicLine:
    """One client's way to one server."""

    def __init__(
        self,
        server: ClinicServer,
        faults: Faults | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._server = server
        self.faults = faults or Faults()
        self._rng = rng or random.Random(0)
        self._in_flight = 0
        self._at_server: set[asyncio.Task[Reply]] = set()
        self._writes_in_flight = 0
        self.in_flight_max = 0
        self.writes_in_flight_max = 0
        self.requests = 0
        self.fates: dict[str, int] = {}
        self.is_cut = False

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        timeout_s: float,
    ) -> ClinicAnswer:
        """As edge.ports.ClinicHttp."""
        self.requests += 1
        is_spared = self.faults.writes_only and method == "GET"
        fate = "plain" if is_spared else self._draw()
        if self.is_cut:
            fate = "refused"
        self.fates[fate] = self.fates.get(fate, 0) + 1
        self._in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self._in_flight)
        try:
            return await self._fated(fate, method, path, dict(headers or {}), body, timeout_s)
        finally:
            self._in_flight -= 1

    def _draw(self) -> str:
        point = self._rng.random()
        for name in FATES:
            point -= getattr(self.faults, name)
            if point < 0:
                return name
        return "plain"

    async def _fated(
        self,
        fate: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        timeout_s: float,
    ) -> ClinicAnswer:
        await asyncio.sleep(WAY_S)
        if fate in CUT_SHORT:
            reason, may_have_arrived = CUT_SHORT[fate]
            raise ClinicUnreachableError(reason, may_have_arrived=may_have_arrived)
        if fate == "lost_request":
            await asyncio.sleep(timeout_s - WAY_S)
            raise ClinicUnreachableError("no answer", may_have_arrived=True)
        if fate in OTHERS:
            return OTHERS[fate]
        if fate == "busy_429":
            wait = {"retry-after": "3"} if self._rng.random() < 0.5 else {}
            return ClinicAnswer(429, wait, b"")
        late_s = self._rng.uniform(0.0, self.faults.late_s_max)
        slow_s = min(self._rng.uniform(0.0, self.faults.slow_s_max), timeout_s * 0.9)
        work_s = {"late": timeout_s + late_s, "slow": slow_s}.get(fate, SERVER_S)
        task = self._bring(method, path, headers, body, work_s)
        if fate in ("late", "lost_answer"):
            await asyncio.sleep(timeout_s - WAY_S)
            raise ClinicUnreachableError("no answer", may_have_arrived=True)
        if fate == "twice":
            self._bring(method, path, headers, body, self._rng.uniform(SERVER_S, AGAIN_S_MAX))
        status, answered, answer_body = await asyncio.shield(task)
        if fate in BROKEN_ANSWERS:
            raise ClinicUnreachableError(BROKEN_ANSWERS[fate], may_have_arrived=True)
        return ClinicAnswer(status, answered, answer_body)

    def _bring(
        self, method: str, path: str, headers: dict[str, str], body: bytes, work_s: float
    ) -> asyncio.Task[Reply]:
        """What has reached the server goes on there, whatever becomes of the client."""
        work = self._serve(method, f"{BASE}/{path}", headers, body, work_s)
        task = asyncio.get_running_loop().create_task(work)
        self._at_server.add(task)
        task.add_done_callback(self._at_server.discard)
        return task

    async def _serve(
        self, method: str, target: str, headers: dict[str, str], body: bytes, work_s: float
    ) -> Reply:
        """The server's part: look, work, commit."""
        is_write = method != "GET"
        self._writes_in_flight += is_write
        self.writes_in_flight_max = max(self.writes_in_flight_max, self._writes_in_flight)
        try:
            finish = self._server.arrive(method, target, headers, body)
            await asyncio.sleep(work_s)
            return finish()
        finally:
            self._writes_in_flight -= is_write

    async def settle(self) -> None:
        """Wait until no request is left running at the server."""
        while self._at_server:
            await asyncio.wait(self._at_server)
