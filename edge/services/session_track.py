"""The track of a session: what the unit felt and did, over time, for the service console's plots.

Follows the chair's state and writes rows: a sample at each status of the controller, an event at
each change that explains something. Begins with the minute before the session, ends with the
visit. No name, no number of a patient and no note is in it. Owns no file; a track that cannot be
written is none of the treatment's business. Runs on the loop's clock.
"""

from __future__ import annotations

import asyncio
from collections import deque

import msgspec

from edge.domain.session_states import OUTPUT_POSSIBLE, E, S
from edge.ports import Tracks, WallClock
from edge.services.chair_state import AlarmState, ChairState, LogLine
from firmware.wire.message import Message

FORMAT = 1
BEFORE_S = 60.0  # kept of the time before the session
SLOW_S = 1.0  # between samples at rest; with every status otherwise
REST_S = 10.0  # after the last moment in which output was possible
CHUNK_ROWS = 100  # handed over together, ten seconds of a train
ROWS_MAX = 300_000  # [P] eight hours of samples; a session takes one
PRIVATE = ("note",)  # words about the patient

Row = tuple[object, ...]
_encode = msgspec.json.Encoder().encode
# Of a sample row, after "s": times in ms of the loop's clock, tenths of a degree, millivolts.
COLUMNS = (
    "t_ms",
    "surface_c10",
    "winding_c10",
    "own_c10",
    "foreseen_c10",
    "bank_mv",
    "delivered",
    "train",
    "phase",
    "mcu",
    "link",
)


class SessionTrack:
    """One unit's."""

    def __init__(
        self,
        tracks: Tracks,
        state: ChairState,
        wall_clock: WallClock,
        software_version: str,
        surface_c10_max: int,
    ) -> None:
        self._tracks = tracks
        self._state = state
        self._wall_clock = wall_clock
        self._software_version = software_version
        self._surface_c10_max = surface_c10_max
        self._session_id = ""
        self._before: deque[Row] = deque()
        self._rows: list[Row] = []
        self._count = 0
        self._sampled_at = -SLOW_S
        self._active_at = -REST_S
        self._seen: dict[str, object] = {}
        self._alarms: dict[str, AlarmState] = {}
        self._last_line: LogLine | None = None
        self._glanced: Row = ()

    # What it hears

    def on_report(self, _report: Message, at_s: float) -> None:
        """Any report of the controller; the state is up to date."""
        self.look()
        if self._state.state in OUTPUT_POSSIBLE:
            self._active_at = at_s
        is_fast = at_s - self._active_at < REST_S
        heard_at = self._state.device.heard_at
        if heard_at == at_s and (is_fast or at_s - self._sampled_at >= SLOW_S):
            self._sample(at_s)

    def on_link(self, _link: str, _detail: str) -> None:
        """The line changed."""
        self.look()
        self._sample(asyncio.get_running_loop().time())

    def on_move(self, was: S, now: S, event: E) -> None:
        """The visit's phase moved."""
        self._event("phase", was=was.value, now=now.value, event=event.value)

    def look(self) -> None:
        """Something may have changed; asked with every report, so mostly nothing has."""
        glance = self._glance()
        if glance == self._glanced:
            return
        self._glanced = glance
        self._follow_session()
        device, visit = self._state.device, self._state.visit
        self._changed("link", device.link, detail=device.link_detail)
        self._changed("mcu", device.mcu_state)
        self._changed("faults", device.faults)
        for name, level in device.panel.items():
            self._changed("contact", level, name=name, side="edge")
        for name, level in device.inputs.items():
            self._changed("contact", level, name=name, side="controller")
        stop = None if visit is None else visit.session.stop
        if stop is not None:
            self._changed("stop", stop.code, value=stop.value, limit=stop.limit, unit=stop.unit)
        else:
            self._seen.pop("stop", None)
        self._look_at_alarms()
        self._look_at_story()

    def _glance(self) -> Row:
        """Everything that look() tells of."""
        device, visit = self._state.device, self._state.visit
        session = None if visit is None else visit.session
        return (
            device.link,
            device.link_detail,
            device.mcu_state,
            device.faults,
            *device.panel.values(),
            *device.inputs.values(),
            self._state.alarms,
            None if session is None else session.session_id,
            None if session is None or session.stop is None else session.stop.code,
            session.log[-1] if session is not None and session.log else None,
        )

    # Rows

    def _sample(self, now_s: float) -> None:
        state, device = self._state, self._state.device
        session = None if state.visit is None else state.visit.session
        heat = state.heat
        self._sampled_at = now_s
        self._add(
            (
                "s",
                round(now_s * 1000),
                device.surface_c10,
                device.winding_c10,
                device.surface_own_c10,
                None if heat is None else round(heat.peak_c * 10),
                device.bank_mv,
                0 if session is None else session.dose.delivered,
                0 if session is None else session.train_index,
                state.state.value,
                device.mcu_state,
                device.link,
            )
        )

    def _changed(self, kind: str, now: object, **args: object) -> None:
        key = f"{kind} {args.get('side', '')} {args.get('name', '')}".strip()
        if key in self._seen and self._seen[key] == now:
            return
        was = self._seen.get(key)
        self._seen[key] = now
        if kind == "contact" and was is None and now is not False:
            return  # safe as soon as it is known: no news
        self._event(kind, now=now, **args)

    def _look_at_alarms(self) -> None:
        now = {alarm.alarm_id: alarm for alarm in self._state.alarms}
        if now == self._alarms:
            return
        for alarm_id, alarm in now.items():
            was = self._alarms.get(alarm_id)
            if was is None or (alarm.is_active and not was.is_active):
                self._event("alarm_on", id=alarm_id, priority=alarm.priority, args=alarm.args)
            elif was.is_active and not alarm.is_active:
                self._event("alarm_off", id=alarm_id, priority=alarm.priority)
            if alarm.is_acknowledged and not (was is not None and was.is_acknowledged):
                self._event("alarm_seen", id=alarm_id, priority=alarm.priority)
        for alarm_id, was in self._alarms.items():
            if alarm_id not in now and was.is_active:
                self._event("alarm_off", id=alarm_id, priority=was.priority)
        self._alarms = now

    def _look_at_story(self) -> None:
        visit = self._state.visit
        lines = [] if visit is None else visit.session.log
        fresh = []
        for line in reversed(lines):
            if line is self._last_line:
                break
            fresh.append(line)
        for line in reversed(fresh):
            if line.kind not in PRIVATE:
                self._event("story", line=line.kind, args=line.args)
        self._last_line = lines[-1] if lines else None

    def _event(self, kind: str, **args: object) -> None:
        self._add(("e", round(asyncio.get_running_loop().time() * 1000), kind, args))

    def _add(self, row: Row) -> None:
        if not self._session_id:
            self._before.append(row)
            oldest_ms = _time_ms(row) - BEFORE_S * 1000
            while _time_ms(self._before[0]) < oldest_ms:
                self._before.popleft()
            return
        if self._count >= ROWS_MAX:
            return
        self._count += 1
        self._rows.append(row)
        if len(self._rows) >= CHUNK_ROWS or row[0] == "e":
            self._hand_over()

    # The file

    def _follow_session(self) -> None:
        visit = self._state.visit
        session_id = "" if visit is None else visit.session.session_id
        if session_id == self._session_id:
            return
        if self._session_id:
            self._hand_over()
            self._tracks.end()
        self._session_id = session_id
        if session_id:
            self._begin(session_id)

    def _begin(self, session_id: str) -> None:
        visit = self._state.visit
        assert visit is not None
        plan = visit.plan
        header = {
            "format": FORMAT,
            "session_id": session_id,
            "software_version": self._software_version,
            "began_ms": round(asyncio.get_running_loop().time() * 1000),
            "began_utc": self._wall_clock.now().utc.isoformat(),
            "protocol": visit.appointment.protocol_name,
            "prescribed": visit.session.dose.prescribed,
            "trains": 0 if plan is None else plan.trains,
            "level_pct": visit.level_pct_mso,
            "surface_c10_max": self._surface_c10_max,
            "coil": self._state.device.coil_type,
            "is_simulated": self._state.device.is_simulated,
            "columns": COLUMNS,
        }
        self._tracks.begin(session_id, _encode(header))
        self._count = len(self._before)
        self._rows = list(self._before)
        self._before.clear()
        self._hand_over()

    def _hand_over(self) -> None:
        if self._rows:
            self._tracks.put(_encode(self._rows))
            self._rows = []


def _time_ms(row: Row) -> int:
    time_ms = row[1]
    assert isinstance(time_ms, int)
    return time_ms
