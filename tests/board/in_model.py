"""The stand-in's own model of a machine as a third runner beside the two emulators of tests/pio."""

from __future__ import annotations

from pio_models import Machine
from rig_nets import Net
from tests.pio.jobs import Job, Trace

OUT_RIGHT_BIT = 1 << 19
IN_RIGHT_BIT = 1 << 18


def _machine(job: Job) -> Machine:
    words = job.program.words
    machine = Machine([*words, *[0] * (32 - len(words))], 0, sync_cycles=0)
    machine.wrap_target = job.program.wrap_target
    machine.wrap = job.program.wrap
    machine.is_in_right = bool(job.program[4] & IN_RIGHT_BIT)
    machine.is_out_right = bool(job.program[4] & OUT_RIGHT_BIT)
    machine.pc = job.start
    machine.x, machine.y, machine.isr, machine.osr = job.registers
    machine.jmp_net = Net()
    machine.set_nets = [Net()]
    machine.is_active = True
    return machine


def _run(job: Job) -> Trace:
    machine = _machine(job)
    given: list[tuple[int, int]] = []
    machine.fifos.drain = lambda cycle: given.append((cycle, machine.fifos.rx.pop()))
    assert machine.jmp_net is not None
    for event in job.events:
        machine.advance(min(event.cycle, job.cycles))
        if event.kind == "pin":
            machine.jmp_net.drive(event.cycle, event.value)
        elif event.kind == "put":
            machine.fifos.tx.append((event.cycle, event.value))
        else:
            machine.execute(event.value)
    machine.advance(job.cycles)
    edges = tuple((cycle - 1, level) for cycle, level in machine.set_nets[0].changes)
    return Trace(edges, tuple(given))


def run(jobs: list[Job]) -> list[Trace]:
    """The jobs one after the other; is_fast is ignored, the model always skips."""
    return [_run(job) for job in jobs]
