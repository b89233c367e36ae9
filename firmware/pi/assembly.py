"""Builds one unit from its settings: pins first and low, then memory, grants, lateness, self-test.

Everything that has to be given back is handed to the caller's stack. Knows no command line, no
signal and no line to the edge.
"""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

from gpiozero import Factory

from firmware.pi.analogue import Converter
from firmware.pi.charger import Charger
from firmware.pi.clock import Clock
from firmware.pi.edge_wait import measure
from firmware.pi.gate import Gate
from firmware.pi.grants import System, ask
from firmware.pi.hal import Parts, PiHal
from firmware.pi.memory import Memory
from firmware.pi.self_test import SelfTest
from firmware.pi.settings import Settings
from firmware.pi.timing import Timing
from firmware.pi.trigger import Trigger
from firmware.pi.watchdog import Watchdog
from firmware.pi.wiring import Wiring, is_real

NS_PER_S = 1_000_000_000

log = logging.getLogger("tms-core")


def assemble(
    settings: Settings, factory: Factory, system: System, clock: Clock, stack: ExitStack
) -> tuple[PiHal, Parts]:
    """The unit, measured. Raises WiringError or UnitMemoryError with a sentence."""
    wiring = Wiring(settings.pins, factory)  # every output is low from here on
    stack.callback(wiring.close)
    converter = Converter(settings.converter, factory)
    stack.callback(converter.close)
    gate = Gate(clock, wiring)
    folder, key_path = Path(settings.core.state_dir), Path(settings.core.key_path)
    memory = Memory(folder, key_path, lambda: gate.is_armed)
    stack.push(lambda kind, *_: memory.close(is_clean=kind is None))
    if memory.key_trouble:
        log.warning("%s", memory.key_trouble)
    self_test = SelfTest(wiring, converter)
    grants = ask(system, settings.priority)
    probes = measure(clock, settings.priority.measure_s * NS_PER_S, wiring.look_at_chain)
    trigger = Trigger(clock, wiring, gate, converter)
    timing = Timing(grants, probes, trigger.lateness)
    bits = self_test.finish(memory, timing)
    watchdog = Watchdog(clock, settings.core.watchdog)
    stack.push(lambda kind, *_: watchdog.close(is_clean=kind is None))
    parts = Parts(
        clock=clock,
        wiring=wiring,
        converter=converter,
        gate=gate,
        trigger=trigger,
        charger=Charger(clock, wiring),
        memory=memory,
        timing=timing,
        watchdog=watchdog,
    )
    hal = PiHal(settings, parts, is_simulated=not is_real(factory), self_test_bits=bits)
    stack.callback(hal.open_outputs)  # the first thing that any end does
    return hal, parts
