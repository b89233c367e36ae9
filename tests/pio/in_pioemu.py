"""First emulator: rp2040-pio-emulator, pure Python, about 11,000 cycles a second when stepped.

It has one machine, no bound on the FIFO and no forced instructions; a forced jump is made here by
changing the program counter, which takes its cycle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from pioemu import State, emulate
from pioemu.shift_register import ShiftRegister

from tests.pio.jobs import Job, Trace

SET_PIN = 1 << 0
JUMP_PIN = 1
OUT_RIGHT_BIT = 1 << 19
IN_RIGHT_BIT = 1 << 18


class _Run:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.level = 0
        self.edges: list[tuple[int, int]] = []
        self.words: list[tuple[int, int]] = []
        x, y, isr, osr = job.registers
        self.state = State(
            program_counter=job.start,
            pin_directions=SET_PIN,
            x_register=x,
            y_register=y,
            input_shift_register=ShiftRegister(isr, 0),
            output_shift_register=ShiftRegister(osr, 0),
        )

    def whole(self) -> Trace:
        for event in self.job.events:
            self._until(min(event.cycle, self.job.cycles))
            if event.kind == "pin":
                self.level = event.value
            elif event.kind == "put":
                fifo = deque(self.state.transmit_fifo)
                fifo.append(event.value)
                self.state = replace(self.state, transmit_fifo=fifo)
            else:
                self._jump(event.value)
        self._until(self.job.cycles)
        return Trace(tuple(self.edges), tuple(self.words))

    def _jump(self, word: int) -> None:
        assert word < 32, "only unconditional jumps can be forced"
        self.state = replace(self.state, program_counter=word, clock=self.state.clock + 1)

    def _steps(self, until: int) -> Iterator[tuple[State, State]]:
        def pins(_state: State) -> int:
            return self.level << JUMP_PIN

        pins.__annotations__["_state"] = State  # the emulator looks at the type itself
        program = self.job.program
        shift: int = program[4]
        yield from emulate(
            program.words,
            stop_when=lambda _opcode, state: state.clock >= until,
            initial_state=self.state,
            input_source=pins,
            set_base=0,
            set_count=1,
            jmp_pin=JUMP_PIN,
            shift_isr_right=bool(shift & IN_RIGHT_BIT),
            shift_osr_right=bool(shift & OUT_RIGHT_BIT),
            wrap_target=program.wrap_target,
            wrap_top=program.wrap,
        )

    def _until(self, until: int) -> None:
        while self.state.clock < until:
            seen: dict[int, State] = {}
            for before, after in self._steps(until):
                self.state = after
                self._observe(before, after)
                if self.job.is_fast and after.program_counter <= before.program_counter:
                    skipped = _skip(seen.get(after.program_counter), after, until)
                    if skipped is not None:
                        self.state = skipped
                        break
                    seen[after.program_counter] = after

    def _observe(self, before: State, after: State) -> None:
        if (before.pin_values ^ after.pin_values) & SET_PIN:
            self.edges.append((before.clock, after.pin_values & SET_PIN))
        if after.receive_fifo:
            self.words.append((before.clock, after.receive_fifo[0]))
            after.receive_fifo.clear()


def _rest(state: State) -> tuple[object, ...]:
    return (
        state.pin_values,
        len(state.transmit_fifo),
        state.input_shift_register.contents,
        state.output_shift_register.contents,
    )


def _skip(then: State | None, now: State, until: int) -> State | None:
    """Many turns of a loop at once: only one counter has moved since the last turn, by one.

    Nothing that the machine can see changes before `until`, so every turn takes the same way as
    long as the counter is not zero.
    """
    if then is None or _rest(then) != _rest(now):
        return None
    turn_cycles = now.clock - then.clock
    room = (until - now.clock) // turn_cycles
    moved = (then.x_register - now.x_register, then.y_register - now.y_register)
    if moved == (0, 0):  # stalled
        turns = room
        left = replace(now, clock=now.clock + turns * turn_cycles)
    elif moved == (1, 0):
        turns = min(room, now.x_register - 1)
        left = replace(now, x_register=now.x_register - turns)
    elif moved == (0, 1):
        turns = min(room, now.y_register - 1)
        left = replace(now, y_register=now.y_register - turns)
    else:
        return None
    return replace(left, clock=now.clock + turns * turn_cycles) if turns > 0 else None


def run(jobs: list[Job]) -> list[Trace]:
    """The jobs one after the other."""
    return [_Run(job).whole() for job in jobs]
