"""What a person at the bench can do to the simulated unit, and what the panel shows of it.

Joins the unit to its serial line and its GPIO wires. An act names one thing and its new state; a
wrong one changes nothing and says what is allowed. No HTTP here. Runs on the unit's loop.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from firmware.wire.codes import STATE_NAMES
from firmware.wire.framing import Decoder
from firmware.wire.message import Message
from firmware.wire.reports import Status
from hw_sim.plant.sensor import SensorFault
from hw_sim.realtime.gpio_server import GpioServer
from hw_sim.realtime.serial_pty import PtySerial
from hw_sim.realtime.truth import truth
from hw_sim.realtime.wiring import HOST_OUTPUT, SERIAL_NAME, SOCKET_NAME
from hw_sim.unit import SimUnit

SENSOR_FAULTS: Final = tuple(f.value for f in SensorFault if f is not SensorFault.OFFSET)
SENSORS: Final = ("surface", "winding", "face")


CHATTER_MS: Final = 80.0  # of a loose door contact
# [P] Hours of use: a session has some hundred changes.
STATES_MAX: Final = 4096


class StateChange(NamedTuple):
    """The controller said on its line that it is in another state now."""

    at_ns: int
    state: str


class ActError(ValueError):
    """Not an act; the text says what is."""


class BenchUnit:
    """One unit on one bench."""

    def __init__(self, unit: SimUnit, folder: Path) -> None:
        self.unit = unit
        self.serial = PtySerial(folder / SERIAL_NAME, unit.feed)
        self.gpio = GpioServer(
            folder / SOCKET_NAME, unit.edge_panel(), unit.edge_thermometer(), self._on_outputs
        )
        self.states: deque[StateChange] = deque(maxlen=STATES_MAX)
        self._fault = 0
        self._outputs: dict[str, bool] = {}
        self._decoder = Decoder()
        self._changed = asyncio.Event()
        self._switches: dict[str, tuple[str, Callable[[bool], None]]] = {
            "estop": ("on", lambda on: unit.press_estop() if on else unit.release_estop()),
            "door": ("open", unit.set_door),
            "coil": ("unplugged", lambda unplugged: unit.plug_coil(not unplugged)),
            "patient": ("pressed", unit.press_patient_button),
            "cover": ("off", unit.set_cover),
            "attend": ("released", lambda released: unit.hold_attend(not released)),
            "fan": ("blocked", lambda blocked: unit.set_fan(on=not blocked)),
            "link": ("cut", self._cut_link),
            "usb": ("unplugged", self._unplug),
            "sounder": ("dead", self._kill_sounder),
            "tacho": ("lying", lambda lying: unit.stick_input("cooling", "mcu", lying or None)),
            "doorwire": ("bridged", lambda on: unit.stick_input("door", "edge", on or None)),
            "hostpin": ("stuck", lambda on: unit.stick_host_pin(False if on else None)),
            "hostout": ("welded", lambda on: unit.stick_host_output(on or None)),
            "gate": ("welded", lambda on: unit.set_gate_stuck(on or None)),
            "chatter": ("on", lambda on: unit.hand.chatter("door", CHATTER_MS if on else None)),
        }
        self._positions = dict.fromkeys(self._switches, False)
        self._sensors = dict.fromkeys(SENSORS, SensorFault.NONE.value)

    async def start(self) -> None:
        """Offer the serial line and the GPIO wires."""
        self.unit.attach_bytes(self._to_edge)
        self.serial.plug()
        await self.gpio.start()

    async def close(self) -> None:
        """Take both away."""
        await self.gpio.close()
        self.serial.unplug()

    def act(self, body: object) -> None:
        """Do one act, all of it or nothing. Raises ActError."""
        if not isinstance(body, Mapping) or not isinstance(body.get("act"), str):
            raise ActError(f"'act' names one of: {', '.join(self._names())}")
        fields = {key: value for key, value in body.items() if key != "act"}
        name = body["act"]
        if name in self._switches:
            self._switch(name, fields)
        elif name == "sensor":
            self._sensor(fields)
        elif name in ("reboot", "mend") and not fields:
            self.unit.reboot_mcu() if name == "reboot" else self._mend()
        else:
            raise ActError(f"'act' names one of: {', '.join(self._names())}, and nothing more")
        self._changed.set()

    def state(self) -> dict[str, Any]:
        """Everything the panel shows, whole."""
        return {
            **self.unit.state(),
            "mcu_state": self.states[-1].state if self.states else "",
            "mcu_fault": self._fault,
            "switches": dict(self._positions),
            "sensors": dict(self._sensors),
            "outputs": self.gpio.outputs(),
            "serial": {
                "is_plugged": self.serial.is_plugged,
                "is_open": self.serial.is_open,
                "dropped_bytes": self.serial.dropped_bytes,
            },
            "gpio": {"clients": self.gpio.clients},
            "acts": self._names(),
        }

    def truth(self, *, since_ns: int, rows: int) -> dict[str, Any]:
        """The truth recorder's view; see truth.py."""
        self.unit.kernel.sync()
        now_ns = self.unit.kernel.now_ns
        told = [change._asdict() for change in self.states if change.at_ns >= since_ns]
        facts = truth(self.unit.recorder, now_ns, since_ns=since_ns, rows=rows)
        return {**facts, "pulses_total": self.unit.plant.pulses_given, "told_states": told}

    async def changed(self, timeout_s: float) -> None:
        """Wait for something worth drawing, at most this long."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        except TimeoutError:
            return
        self._changed.clear()

    def _names(self) -> list[str]:
        return [*self._switches, "sensor", "reboot", "mend"]

    def _switch(self, name: str, fields: Mapping[str, object]) -> None:
        field, move = self._switches[name]
        position = fields.get(field)
        if list(fields) != [field] or not isinstance(position, bool):
            raise ActError(f"{name} takes '{field}': true or false, and nothing more")
        if position is not self._positions[name]:
            move(position)
            self._positions[name] = position

    def _sensor(self, fields: Mapping[str, object]) -> None:
        which, fault = fields.get("which"), fields.get("fault")
        if len(fields) != 2 or which not in SENSORS or fault not in SENSOR_FAULTS:
            raise ActError(f"sensor takes 'which': {SENSORS} and 'fault': {SENSOR_FAULTS}")
        self.unit.set_sensor_fault(str(which), str(fault))
        self._sensors[str(which)] = str(fault)

    def _mend(self) -> None:
        """Every switch back, every sensor good."""
        for name, (field, _) in self._switches.items():
            self._switch(name, {field: False})
        for which in SENSORS:
            self._sensor({"which": which, "fault": SensorFault.NONE.value})

    def _cut_link(self, is_cut: bool) -> None:
        """Bytes vanish both ways, the device stays."""
        if is_cut:
            self.unit.cut_link(is_silent=True)
        else:
            self.unit.restore_link()

    def _unplug(self, is_out: bool) -> None:
        """The device itself vanishes."""
        self.unit.mark(f"usb {'unplugged' if is_out else 'plugged in'}")
        if is_out:
            self.serial.unplug()
        else:
            self.serial.plug()

    def _kill_sounder(self, is_dead: bool) -> None:
        """No sound, and no current to read back."""
        self.unit.mark(f"sounder {'dead' if is_dead else 'mended'}")
        self.gpio.is_sounder_dead = is_dead

    def _to_edge(self, data: bytes) -> None:
        """From the controller, and on to whoever has the line open."""
        self.serial.write(data)
        for kind, _, payload in self._decoder.feed(data):
            if kind == Status.TYPE and len(payload) == Status.size():
                self._note(Status.unpack(payload))
            self._changed.set()

    def _note(self, status: Message) -> None:
        assert isinstance(status, Status)
        self._fault = status.fault
        state = STATE_NAMES[status.state]
        if not self.states or self.states[-1].state != state:
            self.states.append(StateChange(self.unit.kernel.now_ns, state))

    def _on_outputs(self, outputs: dict[str, bool]) -> None:
        """Lamps and sounder belong to the truth: people see and hear them. The enable drives."""
        # What was due before that moment, and no more: later edges may be waiting behind this one.
        self.unit.kernel.advance(self.gpio.moved_ns)
        self.unit.plant.host.drive(outputs.pop(HOST_OUTPUT))
        if outputs == self._outputs:
            return
        for name, level in outputs.items():
            if self._outputs.get(name) is not level:
                self.unit.recorder.wire(self.unit.kernel.now_ns, name, level)
        self._outputs = outputs
        self._changed.set()
