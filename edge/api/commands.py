"""Carries out one judged command: PIN where one is asked for, audit, then the chair.

The audit row is written before the act, so that no act is without a row; when the act is refused
then, a second row says so. PINs and notes never reach the audit or the log. Nothing here decides
what the state of the chair allows.
"""

from __future__ import annotations

from collections.abc import Callable

import structlog

from edge.api import schema
from edge.api.chair_port import ChairPort
from edge.domain.permissions import may_release
from edge.domain.safety_test import DAILY, FULL
from edge.domain.verdict import Verdict, refused
from edge.ports import StoreError
from edge.services.accounts import Account, Accounts
from edge.services.audit import Audit

_log = structlog.get_logger()

AUDITED = (
    schema.TakeControl,
    schema.OpenVisit,
    schema.Reveal,
    schema.ReleaseCheck,
    schema.ReleaseGap,
    schema.DecideHeld,
    schema.ArmUnit,
    schema.Start,
    schema.Resume,
    schema.EndSession,
    schema.WrapUp,
)


class Commands:
    """Runs commands one after another for the hub."""

    def __init__(self, chair: ChairPort, accounts: Accounts, audit: Audit) -> None:
        self._chair = chair
        self._accounts = accounts
        self._audit = audit

    async def identify(self, account: Account, command: schema.Command) -> Account | Verdict:
        """Who answers for the command: the operator, or whoever's PIN it asks for."""
        try:
            match command:
                case schema.WrapUp(pin=pin):
                    return await self._accounts.check_pin(account.user_id, pin)
                case (
                    schema.ReleaseCheck(user_id=user_id, pin=pin)
                    | schema.ReleaseGap(user_id=user_id, pin=pin)
                    | schema.DecideHeld(user_id=user_id, pin=pin)
                ):
                    return await self._releaser(user_id, pin)
                case _:
                    return account
        except StoreError as error:
            _log.error("PIN check failed in the store", who=account.name, error=str(error))
            return refused("store_failed")

    async def execute(
        self, who: Account, command: schema.Command, on_screen: Callable[[], Verdict] | None
    ) -> Verdict:
        """Audit and act; on_screen replaces the chair for acts on the screen itself.

        A store that fails refuses the act.
        """
        kind = kind_of(command)
        try:
            if isinstance(command, AUDITED):
                self._audit.record(who.name, kind, self._detail(command))
            verdict = on_screen() if on_screen else await self._act(who.name, command)
            if isinstance(command, AUDITED) and not verdict.is_accepted:
                self._audit.record(who.name, f"{kind}_refused", {"code": verdict.code})
        except StoreError as error:
            _log.error("command failed in the store", kind=kind, who=who.name, error=str(error))
            return refused("store_failed")
        return verdict

    async def _releaser(self, user_id: str, pin: str) -> Account | Verdict:
        roles = {account.user_id: account.role for account in self._accounts.list_operators()}
        if user_id in roles and not may_release(roles[user_id]):
            return refused("release_not_allowed")
        return await self._accounts.check_pin(user_id, pin)

    async def _act(self, who: str, command: schema.Command) -> Verdict:
        if isinstance(command, schema.ArmUnit | schema.Start | schema.Pause | schema.Resume):
            return await self._run(who, command)
        if isinstance(command, schema.Acknowledge):
            return await self._chair.acknowledge(who)
        return self._note(who, command) or self._test(who, command) or self._step(who, command)

    async def _run(
        self, who: str, command: schema.ArmUnit | schema.Start | schema.Pause | schema.Resume
    ) -> Verdict:
        """What moves the treatment."""
        chair = self._chair
        match command:
            case schema.ArmUnit():
                return await chair.arm(who)
            case schema.Start():
                return await chair.start(who)
            case schema.Pause():
                return await chair.pause(who)
            case schema.Resume():
                return await chair.resume(who)

    def _step(self, who: str, command: schema.Command) -> Verdict:
        """What moves the visit."""
        chair = self._chair
        match command:
            case schema.OpenVisit(appointment_id=appointment_id):
                return chair.open_visit(who, appointment_id)
            case schema.LeaveVisit():
                return chair.leave_visit(who)
            case schema.BeginChecks():
                return chair.begin_checks(who)
            case schema.FinishChecks():
                return chair.finish_checks(who)
            case schema.Back():
                return chair.back(who)
            case schema.EndSession(reason=reason):
                return chair.end_session(who, reason)
            case schema.WrapUp(pain_0_10=pain, note=note):
                return chair.wrap_up(who, pain, note)
            case _:
                raise AssertionError(f"nobody carries out {kind_of(command)}")

    def _test(self, who: str, command: schema.Command) -> Verdict | None:
        """What proves the unit; None when it is something else."""
        chair = self._chair
        match command:
            case schema.TestAlarms():
                return chair.test_alarms(who)
            case schema.StartSafetyTest():
                return chair.start_safety_test(who, DAILY)
            case schema.StartFullSafetyTest():
                return chair.start_safety_test(who, FULL)
            case schema.RepeatSafetyStep():
                return chair.repeat_safety_step(who)
            case schema.EndSafetyTest():
                return chair.end_safety_test(who)
            case _:
                return None

    def _note(self, who: str, command: schema.Command) -> Verdict | None:
        """What is said or answered; None when it is something else."""
        chair = self._chair
        match command:
            case schema.AnswerCheck(key=key, answer=answer):
                return chair.answer_check(who, key, answer)
            case schema.ReleaseCheck(key=key, reason=reason):
                return chair.release_check(who, key, reason)
            case schema.ReleaseGap(reason=reason):
                return chair.release_gap(who, reason)
            case schema.DecideHeld(reason=reason):
                return chair.decide_held(who, reason)
            case schema.AcknowledgeAlarm(alarm_id=alarm_id):
                return chair.acknowledge_alarm(who, alarm_id)
            case schema.PauseAudio():
                return chair.pause_audio(who)
            case schema.AddNote(note=note):
                return chair.add_note(who, note)
            case _:
                return None

    def _detail(self, command: schema.Command) -> dict[str, object]:
        visit = self._chair.state.visit
        detail: dict[str, object] = {}
        if visit is not None:
            detail["appointment_id"] = visit.appointment.appointment_id
            detail["session_id"] = visit.session.session_id
        match command:
            case schema.OpenVisit(appointment_id=appointment_id):
                detail["appointment_id"] = appointment_id
            case schema.ReleaseCheck(key=key, reason=reason):
                detail |= {"key": key, "reason": reason}
            case (
                schema.EndSession(reason=reason)
                | schema.ReleaseGap(reason=reason)
                | schema.DecideHeld(reason=reason)
            ):
                detail["reason"] = reason
            case _:
                pass
        return detail


def kind_of(command: schema.Command) -> str:
    """The command's tag."""
    return str(command.__struct_config__.tag)


def needs_pin(command: schema.Command) -> bool:
    """Whether a PIN is checked before it."""
    return isinstance(
        command, schema.WrapUp | schema.ReleaseCheck | schema.ReleaseGap | schema.DecideHeld
    )
