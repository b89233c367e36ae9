"""Recording and replay of the whole product: transparent, bit for bit, and blind to nothing.

Every replay here runs the real product again. The companions plant what a replay must find: one
byte of one input, and one decision of the product.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from edge.adapters.box_file import BoxFile, BoxReader, InlineSink
from edge.adapters.box_shelf import BoxShelf
from edge.api import schema
from edge.blackbox.channels import Ch
from edge.blackbox.header import read_header
from edge.blackbox.recording import RecordingLoop
from edge.blackbox.tape import Step, TapeReader
from edge.services.session_track import COLUMNS
from hw_sim import vtime
from hw_sim.kiosk_robot import KioskRobot
from hw_sim.replay.command import DIFFERENT, SAME, UNREADABLE, open_recording, replay, replay_file
from hw_sim.replay.day import play_day
from hw_sim.replay.player import Player
from hw_sim.session import SessionResult, arm_and_start, finish, play, prepare
from hw_sim.sim_hal import SIM_LINK_KEY
from hw_sim.system import TECHNICIAN, SimSystem, SystemOptions
from tests.support.short_run import PULSES, SHORT, write_library

pytestmark = pytest.mark.timeout(120)


async def stopped_and_resumed(system: SimSystem, robot: KioskRobot) -> None:
    """E-stop in a train, a cut line in a pause, and the rest of the dose."""
    await prepare(robot)
    await arm_and_start(robot)
    await robot.until(lambda s: s.visit is not None and s.visit.session.delivered >= 27, 60)
    system.unit.press_estop()
    await robot.until(lambda s: s.phase == "stopped", 5)
    system.unit.cut_link()
    await asyncio.sleep(1.0)
    system.unit.release_estop()
    system.unit.restore_link()
    await robot.until(lambda s: "acknowledge" not in s.refusals, 30)
    await robot.do(schema.Acknowledge)
    await robot.until(lambda s: s.phase == "paused", 10)
    await robot.until(lambda s: "resume" not in s.refusals, 10)
    await robot.do(schema.Resume)
    await robot.until(lambda s: s.phase == "wrapup", 120)
    await robot.do(schema.AddNote, note="a note of a patient")
    await finish(system, robot)


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> SystemOptions:
    folder = tmp_path_factory.mktemp("library")
    write_library(folder / "protocols")
    return SystemOptions(seed=3, protocol=str(SHORT["id"]), library=folder / "protocols")


@pytest.fixture(scope="module")
def recorded(
    options: SystemOptions, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, SessionResult]:
    folder = tmp_path_factory.mktemp("recorded")
    result = vtime.run(play(replace(options, record=folder), stopped_and_resumed))
    return folder / "000001.tmsbox", result


def steps_of(path: Path) -> Iterator[Step]:
    yield from open_recording(path, None).steps()


def test_recording_changes_nothing_of_the_run(
    options: SystemOptions, recorded: tuple[Path, SessionResult]
) -> None:
    plain = vtime.run(play(options, stopped_and_resumed))

    assert recorded[1] == plain
    assert plain.pulses == PULSES


def test_recording_replays_to_the_same_event_hash(recorded: tuple[Path, SessionResult]) -> None:
    result, damage = replay_file(recorded[0], None)

    assert damage == ""
    assert result.difference is None
    assert result.is_same
    assert result.is_closed
    assert result.events > 1000
    assert result.inputs > 500


def test_recording_replays_in_another_process_with_another_hash_seed(
    recorded: tuple[Path, SessionResult],
) -> None:
    here, _ = replay_file(recorded[0], None)
    done = subprocess.run(
        [sys.executable, "-m", "hw_sim", "replay", str(recorded[0]), "--json"],
        env=os.environ | {"PYTHONHASHSEED": "77"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout)["hash"] == here.hash


def test_one_changed_byte_of_one_input_is_found_where_it_acts(
    recorded: tuple[Path, SessionResult],
) -> None:
    """A status of the controller with another temperature: the screens show it at once."""
    steps = list(steps_of(recorded[0]))
    asks = [n for n, step in enumerate(steps) if step.kind == "answer" and len(step.payload) > 60]
    at = asks[len(asks) // 2]
    damaged = bytearray(steps[at].payload)
    damaged[len(damaged) // 2] ^= 1
    steps[at] = replace(steps[at], payload=bytes(damaged))
    header = read_header(next(BoxReader(recorded[0]).chunks()))
    player = Player(header)

    result = player.play(steps)
    player.close()

    assert result.difference is not None
    assert 0 <= result.difference.at_s - steps[at].now_s < 1.0


def test_one_changed_decision_of_the_product_is_found(
    recorded: tuple[Path, SessionResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The heartbeat a little slower: the first one that comes late is the difference."""
    monkeypatch.setattr("edge.mcu.connection.HEARTBEAT_S", 0.11)

    result, _ = replay_file(recorded[0], None)

    assert result.difference is not None
    assert result.difference.input < result.inputs + 1
    assert result.difference.at_s < 1.0


def test_decision_that_only_shows_on_the_screen_is_found(
    recorded: tuple[Path, SessionResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.api.hub.REVEAL_S", 11.0)  # nobody revealed a name: no difference
    assert replay_file(recorded[0], None)[0].is_same

    monkeypatch.setattr("edge.api.visit_view.last_four", lambda mrn: mrn[-3:])
    result, _ = replay_file(recorded[0], None)

    assert result.difference is not None
    assert result.difference.what.startswith("SCREEN")


def test_recording_holds_no_pin_no_login_and_no_key(recorded: tuple[Path, SessionResult]) -> None:
    everything = b"".join(BoxReader(recorded[0]).chunks())

    assert b'"pin":"0000"' in everything  # the signature was there,
    assert TECHNICIAN[3].encode() not in everything  # without what was typed
    assert SIM_LINK_KEY not in everything


def test_track_tells_the_stop_and_names_nobody(recorded: tuple[Path, SessionResult]) -> None:
    shelf = BoxShelf(recorded[0].parent, None)
    (track,) = shelf.tracks()
    header, *chunks = shelf.read_track(track.name)
    rows = [row for chunk in chunks for row in json.loads(chunk)]
    samples = [dict(zip(("kind", *COLUMNS), row, strict=True)) for row in rows if row[0] == "s"]
    stops = [row for row in rows if row[2] == "stop"]
    text = header + b"".join(chunks)

    assert [row[3]["now"] for row in stops] == ["101"]
    before = [s for s in samples if 0 <= stops[0][1] - s["t_ms"] <= 1000]
    assert len(before) >= 9  # every status of the last second
    assert before[-1]["phase"] in ("treating", "stopped")
    assert samples[-1]["delivered"] == PULSES
    assert json.loads(header)["prescribed"] == PULSES
    for private in (b"Pat", b"Example", b"004711", b"1984", b"a note of a patient"):
        assert private not in text


def test_restarted_service_makes_one_recording_for_each_start(
    options: SystemOptions, tmp_path: Path
) -> None:
    async def restarted(system: SimSystem, robot: KioskRobot) -> None:
        await prepare(robot)
        await arm_and_start(robot)
        await robot.until(lambda s: s.visit is not None and s.visit.session.delivered >= 27, 60)
        await robot.close()
        await system.stop()
        await asyncio.sleep(2.0)
        await system.start()
        again = await system.robot()
        await again.until(lambda s: s.phase == "stopped", 60)
        await again.close()

    vtime.run(play(replace(options, record=tmp_path), restarted))
    results = [replay_file(path, None)[0] for path in sorted(tmp_path.glob("*.tmsbox"))]

    assert [result.difference for result in results] == [None, None]
    assert [result.is_same for result in results] == [True, True]
    assert results[0].hash != results[1].hash


class FullDisk:
    """Takes some chunks and then no more."""

    def __init__(self, chunks: int) -> None:
        self.left = chunks
        self.is_closed = False

    def put(self, chunk: bytes) -> str:
        self.left -= 1
        return "" if self.left > 0 else "no room"

    def close(self, chunk: bytes) -> None:
        self.is_closed = True


def test_recording_that_fails_in_a_train_is_told_and_stops_no_treatment(
    options: SystemOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops: list[RecordingLoop] = []
    disk = FullDisk(20)

    def make(real: asyncio.AbstractEventLoop, sink: InlineSink) -> RecordingLoop:
        sink.close(b"")
        loops.append(RecordingLoop(real, disk))
        return loops[-1]

    shown: list[str] = []

    async def watched(system: SimSystem, robot: KioskRobot) -> None:
        await stopped_and_resumed(system, robot)
        assert robot.snapshot is not None
        shown.extend(alarm.alarm_id for alarm in robot.snapshot.alarms)

    monkeypatch.setattr("hw_sim.system.RecordingLoop", make)
    result = vtime.run(play(replace(options, record=tmp_path), watched))

    assert (result.pulses, result.violations) == (PULSES, ())
    assert "recording_stopped" in shown
    assert loops[0].gave_up == "no room"
    assert disk.is_closed


def test_call_past_the_doors_ends_the_recording_and_not_the_service(
    options: SystemOptions, tmp_path: Path
) -> None:
    """What the tape cannot know of must not be replayed as if it did."""

    async def poked(system: SimSystem, robot: KioskRobot) -> None:
        await robot.until(lambda s: s.device.ready == "ready", 600)
        system.app.sync._wake.set()
        await asyncio.sleep(5.0)

    vtime.run(play(replace(options, record=tmp_path), poked))
    last = list(steps_of(tmp_path / "000001.tmsbox"))[-1]

    assert last.kind == "end"
    assert b"past its doors" in last.payload


# Files that are not what was written.


@pytest.fixture
def box(recorded: tuple[Path, SessionResult], tmp_path: Path) -> Path:
    path = tmp_path / "copy.tmsbox"
    path.write_bytes(recorded[0].read_bytes())
    return path


def run_command(path: Path, *, is_partial: bool = False) -> int:
    return replay(
        str(path),
        folder=None,
        key_path=None,
        until_s=None,
        is_partial=is_partial,
        as_json=False,
    )


def test_command_says_the_same_hash(box: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(box) == SAME
    assert "same hash" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda data: data[: len(data) * 2 // 3], "is cut off"),
        (lambda data: data[: len(data) // 2] + b"?!?!" + data[len(data) // 2 + 4 :], "is damaged"),
        (lambda data: data[:6] + b"\x09" + data[7:], "from a newer version"),
        (lambda data: b"", "is no recording"),
        (lambda data: b"SQLite format 3\0" + data, "is no recording"),
    ],
)
def test_damaged_file_is_refused_in_words(
    box: Path, damage: object, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(damage)
    box.write_bytes(damage(box.read_bytes()))

    assert run_command(box) == UNREADABLE
    assert words in capsys.readouterr().out


def test_torn_file_is_replayed_as_far_as_it_is_whole_when_asked(
    box: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box.write_bytes(box.read_bytes()[:-10_000])

    assert run_command(box, is_partial=True) == SAME
    said = capsys.readouterr().out
    assert "only in part" in said
    assert "same hash" in said


def test_recording_of_a_newer_format_is_refused_in_words(
    recorded: tuple[Path, SessionResult], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = msgspec.msgpack.decode(next(BoxReader(recorded[0]).chunks()))
    box = BoxFile.create(
        tmp_path / "new.tmsbox", None, msgspec.msgpack.encode(header | {"format": 99})
    )
    box.close()

    assert run_command(tmp_path / "new.tmsbox") == UNREADABLE
    assert "newer version" in capsys.readouterr().out


def test_difference_has_its_own_status_and_both_sides(
    box: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("edge.mcu.connection.HEARTBEAT_S", 0.11)

    assert run_command(box) == DIFFERENT
    said = capsys.readouterr().out
    assert "recorded: " in said
    assert "replayed: " in said


def test_day_of_patients_with_a_restart_and_a_reboot_replays(
    options: SystemOptions, tmp_path: Path
) -> None:
    """The share of `python -m hw_sim month` that runs with every test."""
    day = play_day(
        1,
        tmp_path,
        protocol=options.protocol,
        sessions=2,
        library=options.library,
        tricks=("restart", "reboot"),
        gap_s_max=5.0,
        rough_share=0.0,
    )
    done = vtime.run(day)
    results = [replay_file(path, None)[0] for path in sorted(tmp_path.glob("*.tmsbox"))]

    assert sorted(done.tricks) == ["reboot", "restart"]
    assert len(results) == 2
    assert [result.difference for result in results] == [None, None]
    assert all(result.is_same and result.is_closed for result in results)


def test_tape_keeps_every_kind_of_step(recorded: tuple[Path, SessionResult]) -> None:
    chunks = BoxReader(recorded[0]).chunks()
    next(chunks)
    tape = TapeReader()
    kinds: set[str] = set()
    channels: set[Ch] = set()
    for chunk in chunks:
        for step in tape.feed(chunk):
            kinds.add(step.kind)
            channels |= {each.channel for each in step.reads}
            channels |= {each.channel for each in step.outs}
            channels |= {step.channel} if step.channel else set()

    assert kinds == {"soon", "timer", "door", "answer", "mark"}
    assert {Ch.PANEL, Ch.ROWS, Ch.LINK, Ch.HOST, Ch.STORE, Ch.SCREEN, Ch.RECEIVE} <= channels
