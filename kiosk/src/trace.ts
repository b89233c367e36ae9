// The coil's temperature of the last ten minutes, for the chart. Fed by snapshots at 2 Hz and, after a
// reload, once by GET /api/trace. Bounded. Times are the page's monotonic milliseconds.
export interface TraceSample {
  atMs: number;
  surfaceC: number | null;
}

export const SAMPLE_MS = 500; // 2 Hz [P] sources.md kiosk 1.3
export const SPAN_MS = 600_000; // ten minutes
const SAMPLES_MAX = SPAN_MS / SAMPLE_MS + 10;

export class Trace {
  private samples: TraceSample[] = [];

  /** Adds a value unless the last one is younger than half a second. Answers whether it was added. */
  add(atMs: number, surfaceC: number | null): boolean {
    const last = this.samples.at(-1);
    if (last && atMs - last.atMs < SAMPLE_MS - 20) return false; // 20 ms: timers jitter
    this.samples.push({ atMs, surfaceC });
    this.trim(atMs);
    return true;
  }

  /** Puts the service's history before what this page has seen itself. */
  prepend(nowMs: number, points: readonly (readonly [number, number | null, number | null])[]): void {
    const first = this.samples[0]?.atMs ?? nowMs;
    const older = points
      .map(([agoS, surfaceC]) => ({ atMs: nowMs - agoS * 1000, surfaceC }))
      .filter((sample) => sample.atMs < first)
      .sort((a, b) => a.atMs - b.atMs);
    this.samples = [...older, ...this.samples];
    this.trim(nowMs);
  }

  /** Columns for the chart: minutes before now (negative), value. */
  columns(nowMs: number): [number[], (number | null)[]] {
    return [
      this.samples.map((sample) => (sample.atMs - nowMs) / 60_000),
      this.samples.map((sample) => sample.surfaceC),
    ];
  }

  /** The highest value kept, or null. */
  peak(): number | null {
    const values = this.samples.map((s) => s.surfaceC).filter((v): v is number => v !== null);
    return values.length ? Math.max(...values) : null;
  }

  private trim(nowMs: number): void {
    this.samples = this.samples.filter((s) => nowMs - s.atMs <= SPAN_MS).slice(-SAMPLES_MAX);
  }
}
