"""What the HTTP side and the simulator's robots need of the hub.

edge.api.hub.Hub has it, and so has the recorded one (edge/blackbox): those who knock cannot tell.
No behaviour.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from edge.api.chair_port import ChairPort
from edge.api.connection import Send
from edge.domain.verdict import Verdict
from edge.services.accounts import Account


class Screen(Protocol):
    """One attached screen: edge.api.connection.Connection."""

    def receive(self, data: bytes) -> None:
        """A text message of the page."""

    def receive_binary(self, data: bytes) -> None:
        """A binary frame."""

    def disconnect(self) -> None:
        """The transport has ended."""


class HubDoors(Protocol):
    """Log-in, screens, and looking."""

    @property
    def chair(self) -> ChairPort: ...

    async def login(
        self, user_id: str, pin: str, old_token: str = ""
    ) -> tuple[str, Account] | Verdict: ...

    def logout(self, token: str) -> Verdict: ...

    def operator(self, token: str) -> Account | None: ...

    def note_read(
        self, account: Account, session_id: str, action: str = "read_session"
    ) -> None: ...

    def refusal_text(self, code: str) -> str: ...

    def words(self, verdict: Verdict) -> str: ...

    def connect(
        self,
        send: Send,
        *,
        token: str = "",
        send_snapshot: Send | None = None,
        close: Callable[[], None] | None = None,
    ) -> Screen: ...
