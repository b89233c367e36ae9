"""What reaches the chair, by whom, and what happens to messages that are wrong.

Planted bugs these catch: a role too many, a field that is not checked, a queue without end, an
error text that repeats what was sent.
"""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.api import schema
from edge.api.hub import TooManyScreensError
from edge.domain.permissions import judge_permission
from edge.domain.verdict import refused
from hw_sim import vtime
from tests.edge.api.commands import CALLS, FIELDS, fields_for
from tests.edge.api.fakes import (
    DOCT,
    ENGI,
    ROLE_OF,
    TECH,
    bench,
    virtual,
    visit,
)

pytestmark = pytest.mark.control("permissions")


def test_fields_name_every_command() -> None:
    assert {str(kind.__struct_config__.tag) for kind in FIELDS} == {
        str(kind.__struct_config__.tag) for kind in schema.Command.__args__
    }


@pytest.mark.parametrize("user_id", ["", TECH, ENGI, DOCT])
@pytest.mark.parametrize("kind", list(FIELDS), ids=lambda kind: str(kind.__struct_config__.tag))
@virtual
async def test_command_by_each_role_reaches_the_chair_or_is_refused(
    kind: type[schema.Command], user_id: str
) -> None:
    async with bench() as made:
        made.chair.change(visit=visit())
        screen = await made.screen(user_id)
        tag = str(kind.__struct_config__.tag)

        code = await screen.ask(kind, **fields_for(kind, user_id))

        allowed = judge_permission(ROLE_OF.get(user_id), tag)
        assert code == allowed.code
        who = (
            "Dora"
            if kind in (schema.ReleaseCheck, schema.ReleaseGap, schema.DecideHeld)
            else {TECH: "Tess", ENGI: "Egon"}.get(user_id, "Dora")
        )
        is_call = allowed.is_accepted and kind not in (schema.TakeControl, schema.Reveal)
        assert made.chair.calls == ([(tag, who, *CALLS.get(tag, ()))] if is_call else [])


BAD = {
    b"": "message",
    b"{": "message",
    b"null": "message",
    b"[1,2]": "message",
    b"\xff\xfe": "message",
    b'{"t":"beat","frames":1,"screen":"\xff","shown_rev":1}': "message",
    b'{"t":"nonsense","id":1}': "t",
    b'{"t":7}': "t",
    b'{"id":1,"rev":1}': "t",
    b'{"t":"start","id":1}': "rev",
    b'{"t":"start","id":0,"rev":1}': "id",
    b'{"t":"start","id":1,"rev":-1}': "rev",
    b'{"t":"start","id":1,"rev":1e400}': "rev",
    b'{"t":"start","id":"1","rev":1}': "id",
    b'{"t":"start","id":1,"rev":1,"level_pct":100}': "level_pct",
    b'{"t":"start","id":1,"rev":1,"\\u001b[2J":1}': "message",
    b'{"t":"open_visit","id":1,"rev":1,"appointment_id":""}': "appointment_id",
    b'{"t":"wrap_up","id":1,"rev":1,"pain_0_10":11,"note":"","pin":"1111"}': "pain_0_10",
    b'{"t":"wrap_up","id":1,"rev":1,"pain_0_10":1,"note":"","pin":"11a1"}': "pin",
    b'{"t":"end_session","id":1,"rev":1,"reason":"Secretword"}': "reason",
    b'{"t":"snapshot"}': "t",
    b"[" * 100_000: "message",
    b'{"x":' + b"[" * 5_000: "message",
    b'{"t":"add_note","id":1,"rev":1,"note":"' + b"x" * 9_000 + b'"}': "message",
    b'{"t":"add_note","id":1,"rev":1,"note":"' + b"x" * 501 + b'"}': "note",
}


@pytest.mark.parametrize(("data", "where"), BAD.items(), ids=range(len(BAD)))
@virtual
async def test_message_that_is_wrong_is_named_and_changes_nothing(data: bytes, where: str) -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        rev = screen.snapshot.rev

        screen.connection.receive(data)
        await asyncio.sleep(0.2)

        assert [m.where for m in screen.malformed] == [where]
        assert screen.malformed[0].text
        assert len(screen.malformed[0].text) < 200
        assert "Secretword" not in screen.malformed[0].text
        assert "11a1" not in screen.malformed[0].text
        assert made.chair.calls == []
        assert not screen.is_closed
        assert screen.snapshot.rev == rev
        assert await screen.ask(schema.Start) == ""


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
TAGS = st.sampled_from([*(str(k.__struct_config__.tag) for k in FIELDS), "beat", "x"])
FIELD_NAMES = st.sampled_from(["id", "rev", "frames", "screen", "shown_rev", "pin", "note", "key"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=60),
        st.builds(
            lambda tag, body: json.dumps({**body, "t": tag}).encode(),
            TAGS,
            st.dictionaries(FIELD_NAMES, JSON_VALUES),
        ),
    )
)
def test_message_of_any_shape_never_raises_nor_acts_without_login(data: bytes) -> None:
    async def main() -> None:
        async with bench() as made:
            screen = await made.screen()
            screen.connection.receive(data)
            screen.connection.receive_binary(data)
            await asyncio.sleep(0.2)
            assert made.chair.calls == []
            assert made.chair.pages_seen == 0

    vtime.run(main())


@virtual
async def test_messages_that_are_wrong_twenty_times_in_a_minute_close_the_screen() -> None:
    async with bench() as made:
        patient_one, hasty = await made.screen(TECH), await made.screen()
        for _ in range(19):
            hasty.connection.receive(b"{")
            patient_one.connection.receive(b"{")
            await asyncio.sleep(4)
        assert not hasty.is_closed
        for _ in range(19):
            hasty.connection.receive(b"{")
        assert hasty.is_closed
        assert not patient_one.is_closed
        hasty.connection.receive(b'{"t":"stop","id":1}')
        assert made.chair.calls == []


@virtual
async def test_commands_beyond_the_queue_are_refused_as_busy() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        made.chair.hold = asyncio.Event()
        screen.send(schema.ArmUnit)
        await asyncio.sleep(0.01)
        ids = [screen.send(schema.AddNote, note="x") for _ in range(17)]
        last = screen.answer(ids[-1])
        assert isinstance(last, schema.Refused)
        assert last.code == "control_busy"
        made.chair.hold.set()
        await asyncio.sleep(0.1)
        assert sum(isinstance(screen.answer(i), schema.Accepted) for i in ids) == 16


async def arm_with_a_bug() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        made.chair.bug = RuntimeError("planted")
        screen.send(schema.ArmUnit)
        await asyncio.sleep(0.1)


@virtual
async def test_bug_in_a_handler_ends_the_hub() -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await arm_with_a_bug()
    assert caught.group_contains(RuntimeError, match="planted")


@virtual
async def test_chair_that_refuses_is_answered_with_code_values_and_words() -> None:
    async with bench() as made:
        screen = await made.screen(TECH)
        made.chair.answers["start"] = refused("too_hot", limit=41.0)
        command_id = screen.send(schema.Start)
        await asyncio.sleep(0.1)
        answer = screen.answer(command_id)
        assert answer == schema.Refused(
            command_id, "too_hot", {"limit": 41.0}, "refusal-too_hot {'limit': 41.0}"
        )
        assert made.audited()[-2:] == [("Tess", "start"), ("Tess", "start_refused")]


@virtual
async def test_screens_beyond_the_limit_are_refused() -> None:
    async with bench() as made:
        for _ in range(16):
            made.hub.connect(lambda _data: None)
        with pytest.raises(TooManyScreensError):
            made.hub.connect(lambda _data: None)
