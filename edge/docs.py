"""Writes the pages of docs/ that follow from tables in the code, so that they cannot be wrong.

`python -m edge.docs` rewrites them, `--check` fails when one is not current. A developer's tool: it
imports the tables of every floor and is imported by nobody.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import get_type_hints

from edge.cli import SHIPPED_PROTOCOLS, read_library
from edge.config import NOT_FITTED
from edge.config_load import OPTIONAL_PINS, PIN_RANGE, RANGES, SECTIONS
from edge.domain import session_states
from edge.domain.alarm_rules import LOOP_LATE_MS_MAX, REPEATS_PER_MIN_MAX
from edge.domain.alarm_sounds import (
    BURSTS,
    DUTY_PCT,
    MELODIES_HZ,
    NOTES_HZ,
    RISE_PCT_OF_PULSE,
    TEST_TONE,
    Cause,
    Tone,
    harmonics_near,
)
from edge.domain.alarms import AUDIO_PAUSE_S_MAX
from edge.domain.faults import FAULT_ROWS, STOP_ROWS, Priority
from edge.domain.protocol import Protocol
from edge.domain.safety_test import OWN_MS, PROOF_LEVEL_PCT, STEPS
from edge.plan_file import clock
from edge.services.texts import Texts
from firmware.core import transitions
from firmware.wire.codes import STATE_NAMES
from firmware.wire.commands import COMMANDS
from firmware.wire.limits import V_FULL_MV
from firmware.wire.message import Message
from firmware.wire.protocol import PROTOCOL_VERSION
from firmware.wire.reports import REPORTS

FOLDER = Path(__file__).parents[1] / "docs"
NOTE = "<!-- Written by `make docs` from the code. Change the code, not this page. -->\n\n"


def states_page() -> str:
    """Both state machines as diagrams, with what each visit state means."""
    out = ["# States\n", "## The visit at the chair\n", "```mermaid\nstateDiagram-v2"]
    out += [f"  {a.source.value} --> {a.target.value}: {a.event.value}" for a in _visit_arrows()]
    out += [
        "```\n",
        "| state | what is true | what may be asked | what ends it |",
        "|---|---|---|---|",
    ]
    for state, note in session_states.NOTES.items():
        out.append(f"| {state.value} | {note.is_true} | {note.may_ask} | {note.ends} |")
    out += ["\n## The controller\n", "```mermaid\nstateDiagram-v2"]
    for number, row in enumerate(transitions.TABLE):
        for event, cell in enumerate(row):
            if cell < len(STATE_NAMES) and cell != number and event != transitions.EV_FAULT:
                name = transitions.EVENT_NAMES[event].lower()
                out.append(f"  {STATE_NAMES[number]} --> {STATE_NAMES[cell]}: {name}")
    out += ["```\n", "A fault leads from every state to FAULT; those arrows are left out."]
    return "\n".join(out) + "\n"


def _visit_arrows() -> list[session_states.Arrow]:
    return [a for a in session_states.describe() if a.source is not a.target]


def protocols_page() -> str:
    """The library as a table."""
    library = read_library(SHIPPED_PROTOCOLS)
    out = [
        "# Treatment protocols\n",
        (
            f"Library version {library.version}, signed. Numbers with their sources:"
            " `tms-edge protocols --show ID`.\n"
        ),
        (
            "| id | name | indication | status | side | coil | pulses | count x period µs |"
            " last pulse |"
        ),
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for p in library.all():
        out.append(
            f"| `{p.protocol_id}` | {p.name} | {p.indication} | {p.status.value} | {p.side.value} |"
            f" {', '.join(p.coil_types)} | {_timing(p)} |"
        )
    out.append("\n“By order” means that the literature leaves the timing to the prescriber;")
    out.append("such a protocol is listed and cannot be planned until an order fills it.")
    return "\n".join(out) + "\n"


def _timing(p: Protocol) -> str:
    if p.needs_order:
        return "by order | | "
    pulses = " + ".join(str(s.plan.pulses) for s in p.steps)
    levels = "; ".join(
        ", ".join(f"{lv.count} x {lv.period_us}" for lv in s.plan.levels) for s in p.steps
    )
    last = ", ".join(clock(s.plan.last_pulse_us) for s in p.steps)
    return f"{pulses} | {levels} | {last}"


def messages_page() -> str:
    """The serial protocol."""
    out = [
        "# Messages between the edge and the controller\n",
        (
            f"Protocol version `{PROTOCOL_VERSION:08x}`, computed from this table. A frame is"
            " COBS over type (1 byte), number (2), payload and CRC-32, ended by a zero byte."
            " Everything is little-endian.\n"
        ),
    ]
    for title, table in (("Commands", COMMANDS), ("Reports", REPORTS)):
        out += [f"## {title}\n", "| type | name | bytes | fields |", "|---|---|---|---|"]
        out += [_message_row(m) for m in table]
        out.append("")
    return "\n".join(out)


def _message_row(message: type[Message]) -> str:
    sizes = iter(message.SIZES)
    parts = [
        f"`{name}` {f'{next(sizes)}s' if code == 's' else code}"
        for name, code in zip(message.FIELDS, message.CODES, strict=True)
    ]
    return f"| 0x{message.TYPE:02x} | {message.__name__} | {message.size()} | {', '.join(parts)} |"


def faults_page() -> str:
    """Every stop, in the words of the screen."""
    texts = Texts.load("en")
    out = [
        "# Stops and faults\n",
        "What the screen, the record and the log say; `{value}` and `{limit}` are filled in.\n",
        (
            "Class: E opens the enable in hardware, F is the controller before the next pulse, S"
            " the edge, O a person. Within: the worst time from the cause at the metal to no"
            " output, measured by `python -m hw_sim faults` on the plant's own record.\n"
        ),
        (
            "| code | name | priority | reaction | by | class | within ms | what happened |"
            " dose counts | what to do | how long |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in (*FAULT_ROWS, *STOP_ROWS):
        args = {"value": "{value}", "limit": "{limit}", "unit": "{unit}"}
        what, do, time = (
            texts.sentence(f"stop-{row.code}-{part}", args) for part in ("what", "do", "time")
        )
        dose = "yes" if row.dose_counts else "reviewed"
        out.append(
            f"| {row.code} | {row.name} | {row.priority.value} | {row.reaction.value} |"
            f" {row.by.value} | {row.stop_class.value} | {row.within_ms} | {what} | {dose} |"
            f" {do} | {time} |"
        )
    return "\n".join(out) + "\n"


ALARMS_TEXT = """
Only the unit's own sounder makes these sounds, never the page: a page that hangs silences nothing.
The signal of the highest priority that nobody has acknowledged sounds. A higher one interrupts at
once, a lower one never. A burst whose condition goes by itself is played to its end.

**Acknowledge** silences one alarm and never changes its condition. Latching alarms (every fault of
the controller, and stops of class E and F) stay on the screen until they are acknowledged and their
cause is gone. **Pause** silences what is there for {pause} s at most; an alarm that comes up later,
or comes up again, ends the pause. There is no way to switch alarms off. On, off, acknowledge, pause
and test are in the audit chain with their time and who did it, and a latched alarm that nobody has
acknowledged is there again after a restart.

**Test.** At each start, and from the list of alarms on request, all lamps are lit and a tone of
{test_hz} Hz is given while the current of the sounder is read back. Until it was heard nothing can
be armed. A burst whose tones draw no current raises the alarm `sounder_dead`.

**Warnings before a stop** (low, and never a stop by themselves): the service ran more than
{late} ms late within the last ten seconds, or more than {repeats} answers of the controller were
lost within a minute.

## Hardware

The pin gives a square wave. Its duty makes the harmonics (table) and the loudness. The amplifier
behind it lets each pulse grow within {rise} % of its length (10 to 40 % in the standard): 22 ms for
a pulse of 150 ms, one RC of 10 ms at its gain input. The current sense is a peak detector held for
50 ms, so that it reads high between two edges of the wave and low between two pulses.

## On the screen

| priority | colour | flashes |
|---|---|---|
| high | red | 2 Hz, half of the time |
| medium | yellow | 0.6 Hz, half of the time |
| low | cyan | steady |

Nothing else on any screen flashes or has these colours, but STOP, which is red: a test looks at the
running animations and at the pixels of every picture.

![High](images/alarm-high-1280x800.png)
![Medium](images/alarm-medium-1280x800.png)
![Low](images/alarm-low-1280x800.png)
"""


def alarms_page() -> str:
    """What is heard and seen, from the sounder's data."""
    out = [
        "# Alarms\n",
        "After IEC 60601-1-8. Times in milliseconds; sources are at the data.\n",
        "| priority | pulses | length | between | repeats after | duty | heat or energy | other |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for priority, burst in BURSTS.items():
        tunes = [" ".join(map(str, MELODIES_HZ[priority, cause])) for cause in Cause]
        gaps = " ".join(str(gap) for gap in burst.gaps_ms)
        out.append(
            f"| {priority.value} | {burst.pulses} | {burst.pulse_ms} | {gaps} | {burst.pause_ms} |"
            f" {DUTY_PCT[priority]} % | {tunes[0]} Hz | {tunes[1]} Hz |"
        )
    out += ["\n| tone | duty | harmonics 300 to 4000 Hz within 15 dB |", "|---|---|---|"]
    for note in NOTES_HZ:
        tone = Tone(note, DUTY_PCT[Priority.HIGH])
        out.append(f"| {note} Hz | {tone.duty_pct} % | {harmonics_near(tone)} |")
    out.append(
        ALARMS_TEXT.format(
            pause=round(AUDIO_PAUSE_S_MAX),
            test_hz=TEST_TONE.frequency_hz,
            late=LOOP_LATE_MS_MAX,
            repeats=REPEATS_PER_MIN_MAX,
            rise=RISE_PCT_OF_PULSE,
        ).rstrip()
    )
    return "\n".join(out) + "\n"


SAFETY_TEXT = """
A technician or an engineer runs it from the Today screen, about three minutes, with nobody in the
chair. No certificate that holds, no treatment: arming is refused and says so. A session that was
armed under one may be resumed after it has ended by age or by the fault that stopped it.

**What is driven.** Where a real trip needs energy the bank is charged to {level} % of full voltage
({volts} V, below the touch limit of 60 V). Nothing is armed, no token is asked for, and the gate
stays open, so that no pulse is possible. Temperatures trip by the controller's command `Prove`,
accepted in STANDBY only: the next reading is judged by a limit just below it, once. It is refused
for a sensor without noise. The heartbeat is withheld by repeating the last one, which is answered
and is no sign of life. The watchdog step restarts the controller, and its boot reason has to say
so; a unit whose core runs on the Pi leaves it out.

**What is measured.** The limit counts from the cause to the controller's latch, on the
controller's clock; for contacts, from the opening on the edge's own wire, which in turn may be
{own} ms later than the controller at most. Both enables have to read low after each trip, and the
unit has to come back to rest.

**A step that fails** may be repeated twice; the certificate names every try. Then call service.
STOP and *Give up* let everything go at any time. A test that ended failed, or never ended, also
ends an older certificate.

**The certificate** names unit, controller, firmware, configuration, software, who, when, every step
with value and limit, when each contact was last seen to open, and the hash of the one before. It is
signed with the unit's own Ed25519 key (`[safety] signing_key_path`). It no longer holds when it is
older than `safety_test_valid_h`, when one of those has changed, or after a fault for service. Its
age is told by the monotonic clock within one start of the machine; after a restart of the machine
the wall clock has to be trusted, or the test is due.

    tms-edge certificate show [NUMBER] [--json] [--out FILE]
    tms-edge certificate verify [FILE]

`/health` names the certificate that holds. The alarms that a step brings about by itself are not
raised; every other one is.

![A guided step](images/safety-test-1280x800.png)

## Not covered

- The controller's enable is never closed, so that a read-back of it that is stuck low is found at
  the first arming (`enable_stuck`), not here.
- The cooling is seen running, not tripped: the unit cannot switch the pump. The trip by trend is
  watched in treatment.
- A contact whose two wires are late by the same time looks fast.
- The cover of the power stage needs a tool: it belongs to the engineer's full test.
"""


def safety_page() -> str:
    """The steps of the safety test, in the words of the screen."""
    sentence = Texts.load("en").sentence
    out = [
        "# Safety test\n",
        "Every path that stops a treatment, tripped each morning and timed.\n",
        "| step | what has to be seen | controller's fault | limit | a person |",
        "|---|---|---|---|---|",
    ]
    for step in STEPS:
        fault = str(step.fault) if step.fault else ""
        limit = "" if step.limit_ms is None else f"{step.limit_ms} ms"
        keys = [f"proof-{step.key}-{end}" for end in ("open", "close")] if step.is_guided else []
        person = " ".join(sentence(key, {}) for key in keys)
        words = sentence(f"proof-{step.key}", {})
        out.append(f"| `{step.key}` | {words} | {fault} | {limit} | {person} |")
    volts = PROOF_LEVEL_PCT * V_FULL_MV // 100_000
    out.append(SAFETY_TEXT.format(level=PROOF_LEVEL_PCT, volts=volts, own=OWN_MS).rstrip())
    return "\n".join(out) + "\n"


def configuration_page() -> str:
    """Every key of the configuration file."""
    out = [
        "# Configuration\n",
        (
            "One TOML file. Unknown keys are refused, nothing has a default, and all problems are"
            " reported at once. `tms-edge doctor --config FILE` checks it and what surrounds the"
            " unit. `make run` writes a complete example to `build/run/tms-edge.toml`.\n"
        ),
    ]
    for name, kind in SECTIONS:
        summary = (kind.__doc__ or "").strip().replace("\n    ", " ")
        out += [f"## `[{name}]`\n", summary.split("] ", 1)[-1], "", "| key | type | range |"]
        out.append("|---|---|---|")
        hints = get_type_hints(kind)
        out += [_key_row(name, f.name, hints[f.name]) for f in fields(kind)]
        out.append("")
    return "\n".join(out)


def _key_row(section: str, key: str, hint: object) -> str:
    path = f"{section}.{key}"
    if hint is int:
        low, high = RANGES.get(path, PIN_RANGE)
        lack = f", or {NOT_FITTED} without one" if path in OPTIONAL_PINS else ""
        return f"| `{key}` | whole number | {low} to {high}{lack} |"
    return f"| `{key}` | {'text' if hint is str else 'list of texts'} | |"


PAGES: dict[str, Callable[[], str]] = {
    "states.md": states_page,
    "protocols.md": protocols_page,
    "messages.md": messages_page,
    "faults.md": faults_page,
    "alarms.md": alarms_page,
    "safety_test.md": safety_page,
    "configuration.md": configuration_page,
}


def main(argv: list[str]) -> int:
    """Write the pages, or with --check name those that are not current."""
    stale = []
    for name, render in PAGES.items():
        path, text = FOLDER / name, NOTE + render()
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in argv:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in argv:
        sys.stderr.write(f"not current: {', '.join(stale)}. Run: make docs\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
