"""Log-in, log-out and the lock, each with its audit row.

A log-in needs its row: without a store nobody gets in. Logging out while the unit can give output
is refused, because the screen in control would be lost. Times are loop seconds.
"""

from __future__ import annotations

import asyncio

import structlog

from edge.api.operators import Operators
from edge.domain.session_states import OUTPUT_POSSIBLE, S
from edge.domain.verdict import ACCEPTED, Verdict, refused
from edge.ports import StoreError
from edge.services.accounts import Account, Accounts
from edge.services.audit import Audit

_log = structlog.get_logger()


class LoginDesk:
    """Keeps who is logged in."""

    def __init__(self, accounts: Accounts, audit: Audit, operators: Operators) -> None:
        self._accounts = accounts
        self._audit = audit
        self.operators = operators

    async def login(
        self, user_id: str, pin: str, old_token: str, state: S
    ) -> tuple[str, Account] | Verdict:
        """A new token, or wrong_pin, pin_locked, control_busy, store_failed.

        The browser's older log-in ends, unless it may be the one in control of a treatment.
        """
        try:
            account = await self._accounts.check_pin(user_id, pin)
            if isinstance(account, Verdict):
                self._audit.record("", "login_refused", {"user_id": user_id, "code": account.code})
                return account
            self._audit.record(account.name, "login", {"user_id": user_id})
        except StoreError as error:
            _log.error("log-in failed in the store", error=str(error))
            return refused("store_failed")
        if old_token and state not in OUTPUT_POSSIBLE:
            self.operators.close(old_token)
        _log.info("logged in", who=account.name, role=account.role)
        return self.operators.open(account, asyncio.get_running_loop().time()), account

    def logout(self, token: str, state: S) -> Verdict:
        """Ends the log-in; wrong_state while the unit can give output."""
        if state in OUTPUT_POSSIBLE:
            return refused("wrong_state")
        account = self.operators.close(token)
        if account is not None:
            self._note(account, "logout")
        return ACCEPTED

    def lock_idle(self, state: S) -> bool:
        """Ends log-ins without touch; returns whether there were any."""
        gone = self.operators.expire(state, asyncio.get_running_loop().time())
        for account in gone:
            self._note(account, "locked")
        return bool(gone)

    def _note(self, account: Account, action: str) -> None:
        """Leaving must not fail for want of a row; the log has it then."""
        _log.info(action, who=account.name)
        try:
            self._audit.record(account.name, action, {})
        except StoreError as error:
            _log.error("audit row lost", who=account.name, action=action, error=str(error))
