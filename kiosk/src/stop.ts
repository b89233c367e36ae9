// What happens after a hand has pressed STOP. Sends at once, again every 100 ms until the service has
// answered, and says honestly what is known: stopping, confirmed by the machine, or not confirmed.
// Only a report of the machine confirms; an answer of the service alone does not. Never disabled.
import { signal } from "@preact/signals";
import type { Snapshot } from "./wire";

export type StopPhase = "idle" | "stopping" | "confirmed" | "unconfirmed";

export const REPEAT_MS = 100; // [P] sources.md kiosk 5.2
export const CONFIRM_MS = 250; // [P] sources.md kiosk 5.2
export const SHOW_CONFIRMED_MS = 2000; // long enough to read one word
const FRESH_MS = 1000; // a report of the machine older than this confirms nothing
/** Controller states whose gate is closed. READY is not among them: the bank is at its set point. */
const OUTPUT_OFF: readonly string[] = ["STANDBY", "DISCHARGING", "FAULT", "BOOT", "SELF_TEST"];

/** Whether the machine itself reports that it cannot give a pulse. */
export function isOutputOff(snapshot: Snapshot): boolean {
  const unit = snapshot.unit;
  const isFresh = unit.heard_ms_ago !== null && unit.heard_ms_ago < FRESH_MS;
  if (unit.link !== "live" || !isFresh) return false;
  return !unit.can_fire || OUTPUT_OFF.includes(unit.mcu_state.toUpperCase());
}

export class StopControl {
  readonly phase = signal<StopPhase>("idle");
  private id = 0;
  private isAnswered = false;
  private latest: Snapshot | null = null;
  private repeat: ReturnType<typeof setInterval> | undefined;
  private verdict: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly send: (id: number) => boolean,
    private readonly nextId: () => number,
  ) {}

  /** A hand pressed STOP. */
  press(): void {
    this.id = this.nextId();
    this.isAnswered = false;
    this.phase.value = "stopping";
    this.send(this.id);
    clearInterval(this.repeat);
    clearTimeout(this.verdict);
    this.repeat = setInterval(() => this.send(this.id), REPEAT_MS);
    this.verdict = setTimeout(() => {
      if (this.phase.value === "stopping") this.phase.value = "unconfirmed";
    }, CONFIRM_MS);
  }

  /** The service accepted the STOP with this id. */
  onAnswered(id: number): void {
    if (id !== this.id) return;
    this.isAnswered = true;
    clearInterval(this.repeat);
    this.judge();
  }

  /** A new picture of the machine. */
  onSnapshot(snapshot: Snapshot): void {
    this.latest = snapshot;
    this.judge();
  }

  /** The line is gone: what was last seen no longer says anything. */
  onLost(): void {
    this.latest = null;
  }

  /** Confirmed when the service has answered and the machine's own latest report says: off. */
  private judge(): void {
    const isWaiting = this.phase.value === "stopping" || this.phase.value === "unconfirmed";
    if (isWaiting && this.isAnswered && this.latest && isOutputOff(this.latest)) this.confirm();
  }

  private confirm(): void {
    clearTimeout(this.verdict);
    this.phase.value = "confirmed";
    this.verdict = setTimeout(() => {
      if (this.phase.value === "confirmed") this.phase.value = "idle";
    }, SHOW_CONFIRMED_MS);
  }
}
