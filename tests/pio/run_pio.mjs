// Second emulator: rp2040js, its PIO alone, no image and no boot ROM. Reads one JSON line with jobs,
// writes one with their traces, until the input ends. Cycles are counted here, because the package's
// own run() follows the host's timers. Two corrections: a pull that was waiting takes the cycle in
// which its word arrives, and a forced jump ends the wait of a stalled instruction.
import readline from "node:readline";
import { ConsoleLogger, LogLevel, RP2040 } from "rp2040js";

const PIO0 = 0x50200000;
const JUMP_PIN = 1;
const REG = { txf0: 0x10, memory: 0x48, execctrl: 0xcc, shiftctrl: 0xd0, instr: 0xd8, pinctrl: 0xdc };

const mcu = new RP2040();
mcu.logger = new ConsoleLogger(LogLevel.Error);
const pio = mcu.pio[0];
pio.run = () => {};
const Machine = pio.machines[0].constructor;
mcu.writeUint32(0x4001c004 + 4 * JUMP_PIN, 0x56); // pad: input enabled
const write = (register, value) => mcu.writeUint32(PIO0 + register, value >>> 0);

function fresh(job) {
  const machine = new Machine(mcu, pio, 0);
  pio.machines[0] = machine;
  job.words.forEach((word, index) => write(REG.memory + 4 * index, word));
  write(REG.execctrl, ((JUMP_PIN << 24) | job.execctrl) >>> 0);
  write(REG.shiftctrl, job.shiftctrl);
  write(REG.pinctrl, 1 << 26); // SET drives one pin, base 0
  pio.pinValues = 0;
  pio.pinDirections = 1;
  machine.enabled = true;
  machine.pc = job.start;
  [machine.x, machine.y, machine.inputShiftReg, machine.outputShiftReg] = job.registers;
  mcu.gpio[JUMP_PIN].setInputValue(false);
  return machine;
}

function rest(machine, waiting) {
  return `${pio.pinValues},${waiting},${machine.inputShiftReg >>> 0},${machine.outputShiftReg >>> 0}`;
}

// Turns of a loop in which only one counter moves, by one a turn; nothing visible changes before
// `until`, so every turn takes the same way as long as the counter is not zero.
function skip(machine, then, now, until) {
  if (then === undefined || then.rest !== now.rest) return 0;
  const turnCycles = now.cycle - then.cycle;
  const room = Math.floor((until - now.cycle) / turnCycles);
  const movedX = then.x - now.x;
  const movedY = then.y - now.y;
  let turns = 0;
  if (movedX === 0 && movedY === 0) turns = room;
  else if (movedX === 1 && movedY === 0) turns = Math.min(room, now.x - 1);
  else if (movedX === 0 && movedY === 1) turns = Math.min(room, now.y - 1);
  if (turns <= 0) return 0;
  machine.x = now.x - turns * movedX;
  machine.y = now.y - turns * movedY;
  return turns * turnCycles;
}

function runJob(job) {
  const machine = fresh(job);
  const edges = [];
  const words = [];
  const backlog = [];
  let cycle = 0;
  let next = 0;
  let seen = new Map();

  function refill() {
    while (backlog.length > 0 && !machine.txFIFO.full) {
      const wasWaiting = machine.waiting;
      write(REG.txf0, backlog.shift());
      if (wasWaiting && !machine.waiting) cycle += 1 + machine.waitDelay;
    }
  }

  function apply([, kind, value]) {
    seen = new Map();
    if (kind === "pin") mcu.gpio[JUMP_PIN].setInputValue(value === 1);
    else if (kind === "put") backlog.push(value);
    else {
      machine.waiting = false;
      write(REG.instr, value);
      cycle += 1;
    }
  }

  function stepOnce() {
    const cyclesBefore = machine.cycles;
    const pinBefore = pio.pinValues & 1;
    machine.step();
    if ((pio.pinValues & 1) !== pinBefore) edges.push([cycle, pio.pinValues & 1]);
    while (!machine.rxFIFO.empty) words.push([cycle, machine.readFIFO() >>> 0]);
    return machine.waiting ? 1 : machine.cycles - cyclesBefore;
  }

  while (cycle < job.cycles) {
    while (next < job.events.length && job.events[next][0] <= cycle) apply(job.events[next++]);
    refill();
    if (cycle >= job.cycles) break;
    const until = next < job.events.length ? Math.min(job.events[next][0], job.cycles) : job.cycles;
    if (until <= cycle) continue;
    const pcBefore = machine.pc;
    cycle += stepOnce();
    if (!job.fast || machine.pc > pcBefore) continue;
    const now = { cycle, x: machine.x >>> 0, y: machine.y >>> 0, rest: rest(machine, backlog.length) };
    now.rest += `,${machine.txFIFO.itemCount}`;
    const skipped = skip(machine, seen.get(machine.pc), now, until);
    cycle += skipped;
    if (skipped > 0) seen = new Map();
    else seen.set(machine.pc, now);
  }
  return { edges, words };
}

const lines = readline.createInterface({ input: process.stdin });
for await (const line of lines) {
  process.stdout.write(`${JSON.stringify(JSON.parse(line).map(runJob))}\n`);
}
