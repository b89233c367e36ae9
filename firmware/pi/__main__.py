"""`tms-core`: the device core as a process on the Pi.

`--config FILE` is the unit until told to end; `--measure SECONDS` prints what this machine can time
and ends. Logs to the standard error stream, never while anything is armed.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from gpiozero import Factory

from firmware.pi import report
from firmware.pi.assembly import NS_PER_S, assemble
from firmware.pi.clock import MonotonicClock
from firmware.pi.edge_wait import measure
from firmware.pi.grants import Linux, PrioritySettings, System, ask
from firmware.pi.lateness import Lateness
from firmware.pi.line import LineError, PtyLine
from firmware.pi.loop import CoreLoop
from firmware.pi.memory import UnitMemoryError
from firmware.pi.settings import Settings, SettingsError, load_settings
from firmware.pi.timing import Timing
from firmware.pi.wiring import WiringError, pin_factory

EXIT_OK = 0
EXIT_RESTART = 75  # EX_TEMPFAIL of sysexits.h: the service manager starts it again
EXIT_UNUSABLE = 78  # EX_CONFIG: starting it again will not help
# What --measure asks for without a configuration.
WISH = PrioritySettings(fifo_priority=80, lock_memory=True, cpu=-1, measure_s=2)

log = logging.getLogger("tms-core")


def main(
    argv: Sequence[str] | None = None,
    *,
    make_factory: Callable[[str], Factory] = pin_factory,
    system: System | None = None,
) -> int:
    """The command. Exit code."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.config is None and options.measure is None:
        parser.error("one of --config and --measure is needed")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(message)s")
    system = Linux() if system is None else system
    try:
        settings = _settings(options.config)
        if options.measure is not None:
            wish = WISH if settings is None else settings.priority
            return _measure(options.measure, wish, system, is_json=options.json)
        assert settings is not None
        return run(settings, make_factory(settings.core.pin_factory), system)
    except (SettingsError, WiringError, UnitMemoryError, LineError) as error:
        log.error("%s", error)  # a sentence for people; a trace would not help them
        return EXIT_UNUSABLE


def run(settings: Settings, factory: Factory, system: System) -> int:
    """Be the unit until told to end. Exit code."""
    ends: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _: ends.append(got))
    clock = MonotonicClock()
    folder = Path(settings.core.state_dir)
    with ExitStack() as stack:
        stack.callback(factory.close)
        hal, parts = assemble(settings, factory, system, clock, stack)
        line = PtyLine(clock, Path(settings.core.line))
        stack.callback(line.close)
        loop = CoreLoop(clock, hal, line, lambda: report.write(folder, facts()))

        def facts() -> dict[str, Any]:
            return {
                **report.describe(parts.timing),
                "is_simulated": bool(hal.identity()[3]),
                "refused_late": parts.trigger.refused_late,
                "input_gap_worst_us": loop.gap_worst_us,
                "dropped_bytes": line.dropped_bytes,
                "self_test": hal.self_test(),
            }

        report.write(folder, facts())
        log.info("%s", parts.timing.grants.sentence)
        log.info("ready on %s, shortest interval %d us", line.name, parts.timing.ipi_us_min)
        loop.run(lambda: bool(ends))
        report.write(folder, facts())
    return EXIT_RESTART if hal.is_restart_asked else EXIT_OK


def _settings(path: Path | None) -> Settings | None:
    if path is None:
        return None
    try:
        return load_settings(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _measure(seconds: int, wish: PrioritySettings, system: System, *, is_json: bool) -> int:
    grants = ask(system, wish)
    probes = measure(MonotonicClock(), seconds * NS_PER_S, lambda: True)
    timing = Timing(grants, probes, Lateness())
    text = json.dumps(report.describe(timing)) if is_json else report.table(timing)
    sys.stdout.write(text + "\n")
    return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tms-core", description=__doc__)
    parser.add_argument("--config", type=Path, metavar="FILE", help="run the unit of this file")
    parser.add_argument("--measure", type=_seconds, metavar="SECONDS", help="measure and end")
    parser.add_argument("--json", action="store_true", help="with --measure: for programs")
    return parser


def _seconds(text: str) -> int:
    seconds = int(text)
    if not 1 <= seconds <= 3600:
        raise argparse.ArgumentTypeError("1 to 3600 seconds")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
