"""One request to the clinic, and what an answer says about the way there.

Owns headers and the reading of waiting times that servers ask for. An outcome that concerns the
lane as a whole (nobody answers, not authorised, wrong address, busy) is a LaneError; what concerns
one record is left to the caller. Clock: seconds of the running loop, and the server's own Date.
"""

from __future__ import annotations

import asyncio
from email.utils import parsedate_to_datetime

from edge.domain.fhir_bundle import outcome_of
from edge.ports import ClinicAnswer, ClinicHttp, ClinicUnreachableError

BUSY = frozenset({429, 503})
WAIT_S_MIN = 1.0  # [P] sources.md clinic 4.2: back-off from 1 s to 15 min
WAIT_S_MAX = 900.0
READ_TRIES = 4  # [P] on a line that loses every third request, 99 of 100 reads come through
# One server ignored an unknown search parameter, and an ignored filter means everybody's orders
# [M] sources.md clinic 4.3: ask for a refusal instead.
SEARCH_HEADERS = {"accept": "application/fhir+json", "prefer": "handling=strict"}
SEND_HEADERS = {
    "accept": "application/fhir+json",
    "content-type": "application/fhir+json; charset=utf-8",
}


class LaneError(Exception):
    """Nothing can be asked or sent now. state is unreachable or refused; wait_s may name a time.

    may_have_arrived: the request may be at the server, or on its way.
    """

    def __init__(
        self,
        state: str,
        detail: str,
        wait_s: float | None = None,
        *,
        may_have_arrived: bool = False,
    ) -> None:
        super().__init__(detail)
        self.state = state
        self.wait_s = wait_s
        self.may_have_arrived = may_have_arrived


async def ask(
    http: ClinicHttp, method: str, path: str, *, body: bytes = b"", timeout_s: float
) -> ClinicAnswer:
    """Any complete answer. Raises LaneError when there is none.

    A read is asked again a few times: a pull is many reads, and one lost answer must not void it.
    """
    headers = SEND_HEADERS if body else SEARCH_HEADERS
    tries_left = READ_TRIES if method == "GET" else 1
    while True:
        tries_left -= 1
        try:
            return await http.request(method, path, body=body, headers=headers, timeout_s=timeout_s)
        except ClinicUnreachableError as error:
            if tries_left == 0:
                arrived = error.may_have_arrived
                raise LaneError("unreachable", str(error), may_have_arrived=arrived) from error
        await asyncio.sleep(WAIT_S_MIN)


def lane_error(answer: ClinicAnswer, *, unclear: bool = False) -> LaneError:
    """An answer that says nothing about a record, only about the way to the clinic."""
    detail = f"HTTP {answer.status} {outcome_of(answer.body)}".strip()
    if unclear or answer.status in BUSY or answer.status >= 500:
        return LaneError("unreachable", detail, retry_after_s(answer))
    return LaneError("refused", detail)


def retry_after_s(answer: ClinicAnswer) -> float | None:
    """Seconds the server asked for (Retry-After, else RateLimit t=), within our bounds."""
    text = answer.headers.get("retry-after", "").strip()
    seconds: float | None = None
    if text.isdecimal():
        seconds = float(text)
    elif text:
        seconds = _until_s(text, answer.headers.get("date", ""))
    else:
        for part in answer.headers.get("ratelimit", "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == "t" and value.isdecimal():
                seconds = float(value)
    return None if seconds is None else min(max(seconds, WAIT_S_MIN), WAIT_S_MAX)


def _until_s(text: str, server_date: str) -> float | None:
    """A date in the server's own time, so that our clock does not matter."""
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(server_date)
        return (until - now).total_seconds()
    except (ValueError, TypeError):
        return None
