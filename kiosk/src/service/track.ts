// A session's track as it comes from the service, and every question the console has about it: columns,
// values at a moment, stretches of equal state, trains, events. Pure. Times are milliseconds of the unit's
// own clock; nothing here knows a patient.
export interface Header {
  readonly session_id?: string;
  readonly began_ms?: number;
  readonly began_utc?: string;
  readonly protocol?: string;
  readonly prescribed?: number;
  readonly trains?: number;
  readonly level_pct?: number | null;
  readonly surface_c10_max?: number;
  readonly software_version?: string;
  readonly is_simulated?: boolean | null;
}

type SampleRow = readonly [
  "s",
  number,
  number | null,
  number | null,
  number | null,
  number | null,
  number | null,
  number,
  number,
  string,
  string,
  string,
];
type EventRow = readonly ["e", number, string, Readonly<Record<string, unknown>>];
export type Row = SampleRow | EventRow;

export interface TrackEvent {
  readonly atMs: number;
  readonly kind: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Sample {
  readonly atMs: number;
  readonly surfaceC: number | null;
  readonly windingC: number | null;
  readonly ownC: number | null;
  readonly foreseenC: number | null;
  readonly bankV: number | null;
  readonly delivered: number;
  readonly train: number;
  readonly phase: string;
  readonly mcu: string;
  readonly link: string;
}

export interface Track {
  readonly header: Header;
  readonly samples: readonly Sample[];
  readonly events: readonly TrackEvent[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** A stretch in which one thing stayed the same. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  readonly value: string;
}

/** Pulses of one train, and when they were given. */
export interface TrainStrip {
  readonly train: number;
  readonly pulses: number;
  readonly fromMs: number;
  readonly toMs: number;
}

const tenths = (value: number | null): number | null => (value === null ? null : value / 10);

function sampleOf(row: SampleRow): Sample {
  const [, atMs, surface, winding, own, foreseen, bankMv, delivered, train, phase, mcu, link] = row;
  return {
    atMs,
    surfaceC: tenths(surface),
    windingC: tenths(winding),
    ownC: tenths(own),
    foreseenC: tenths(foreseen),
    bankV: bankMv === null ? null : bankMv / 1000,
    delivered,
    train,
    phase,
    mcu,
    link,
  };
}

/** The track of what the service sent. Rows of kinds that this page does not know are left out. */
export function trackOf(body: { header: Header; chunks: readonly (readonly Row[])[] }): Track {
  const rows = body.chunks.flat();
  const samples = rows.filter((row): row is SampleRow => row[0] === "s").map(sampleOf);
  const events = rows
    .filter((row): row is EventRow => row[0] === "e")
    .map(([, atMs, kind, args]) => ({ atMs, kind, args }));
  samples.sort((a, b) => a.atMs - b.atMs);
  events.sort((a, b) => a.atMs - b.atMs);
  const times = [samples[0]?.atMs, events[0]?.atMs].filter((at): at is number => at !== undefined);
  const ends = [samples.at(-1)?.atMs, events.at(-1)?.atMs].filter((at): at is number => at !== undefined);
  return {
    header: body.header,
    samples,
    events,
    fromMs: times.length ? Math.min(...times) : 0,
    toMs: ends.length ? Math.max(...ends) : 1,
  };
}

/** Index of the last item at or before a time, or -1. */
export function indexAt(items: readonly { readonly atMs: number }[], atMs: number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((items[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The newest sample at a time. */
export function sampleAt(track: Track, atMs: number): Sample | null {
  return track.samples[indexAt(track.samples, atMs)] ?? null;
}

/** Stretches of one column: as the events tell it to the millisecond, before them as the samples do. */
export function stretchesOf(track: Track, field: "phase" | "mcu" | "link"): Stretch[] {
  const moves = track.events
    .filter((event) => event.kind === field)
    .map((event) => ({ atMs: event.atMs, value: String(event.args.now ?? "") }));
  const first = track.samples[0];
  if (first && first.atMs < (moves[0]?.atMs ?? Number.POSITIVE_INFINITY)) {
    moves.unshift({ atMs: first.atMs, value: first[field] });
  }
  const found: Stretch[] = [];
  moves.forEach(({ atMs, value }, index) => {
    const toMs = moves[index + 1]?.atMs ?? track.toMs;
    if (toMs > atMs || index === moves.length - 1) found.push({ fromMs: atMs, toMs, value });
  });
  return found;
}

/** When each alarm was on; one still on at the end lasts to the end. */
export function alarmsOf(track: Track): (Stretch & { readonly priority: string })[] {
  const open = new Map<string, { fromMs: number; priority: string }>();
  const found: (Stretch & { readonly priority: string })[] = [];
  for (const event of track.events) {
    const id = String(event.args.id ?? "");
    if (event.kind === "alarm_on") open.set(id, { fromMs: event.atMs, priority: String(event.args.priority) });
    const begun = open.get(id);
    if (event.kind === "alarm_off" && begun) {
      open.delete(id);
      found.push({ ...begun, toMs: event.atMs, value: id });
    }
  }
  for (const [id, begun] of open) found.push({ ...begun, toMs: track.toMs, value: id });
  return found.sort((a, b) => a.fromMs - b.fromMs);
}

/** The trains that were given, from the count of pulses as it grew. */
export function trainsOf(track: Track): TrainStrip[] {
  const found: { train: number; pulses: number; fromMs: number; toMs: number }[] = [];
  let before: Sample | null = null;
  for (const sample of track.samples) {
    const grown = before === null ? 0 : sample.delivered - before.delivered;
    if (before !== null && grown > 0) {
      const last = found.at(-1);
      const isNew = !last || sample.atMs - last.toMs > TRAIN_GAP_MS;
      if (isNew) found.push({ train: found.length + 1, pulses: grown, fromMs: before.atMs, toMs: sample.atMs });
      else {
        last.pulses += grown;
        last.toMs = sample.atMs;
      }
    }
    before = sample;
  }
  return found;
}

const TRAIN_GAP_MS = 900; // shorter than any gap between trains of the library, longer than two statuses

/** The stops of the session: what held or ended the output without the plan. */
export function stopsOf(track: Track): TrackEvent[] {
  return track.events.filter((event) => event.kind === "stop");
}

/** What was before a stop, and a moment after it. */
export function beforeStop(track: Track, stop: TrackEvent): { fromMs: number; toMs: number } {
  return {
    fromMs: Math.max(track.fromMs, stop.atMs - 10_000),
    toMs: Math.min(track.toMs, stop.atMs + 2_000),
  };
}

/** Time of day in UTC at a time of the unit's clock. */
export function utcOf(track: Track, atMs: number): Date {
  const began = Date.parse(track.header.began_utc ?? "");
  return new Date((Number.isNaN(began) ? 0 : began) + atMs - (track.header.began_ms ?? 0));
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const ZONE = new Intl.DateTimeFormat("en-GB", { timeZoneName: "short" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric" });

/** Time of day where this console stands. */
export function clockAt(track: Track, atMs: number): string {
  return CLOCK.format(utcOf(track, atMs));
}

/** The same to the tenth of a second. */
export function momentAt(track: Track, atMs: number): string {
  const at = utcOf(track, atMs);
  return `${CLOCK.format(at)}.${Math.floor(at.getUTCMilliseconds() / 100)}`;
}

/** The date, and the name of the zone that times are shown in. */
export function dayAt(track: Track, atMs: number): string {
  return DAY.format(utcOf(track, atMs));
}

export function zoneAt(track: Track, atMs: number): string {
  return ZONE.formatToParts(utcOf(track, atMs)).find((part) => part.type === "timeZoneName")?.value ?? "";
}

/** A window made larger or smaller about a moment, inside the track. */
export function zoomed(
  track: Track,
  view: { fromMs: number; toMs: number },
  aboutMs: number,
  factor: number,
): { fromMs: number; toMs: number } {
  const whole = Math.max(1, track.toMs - track.fromMs);
  const span = Math.min(whole, Math.max(1000, (view.toMs - view.fromMs) * factor));
  const share = (aboutMs - view.fromMs) / Math.max(1, view.toMs - view.fromMs);
  const from = Math.min(Math.max(track.fromMs, aboutMs - span * share), track.toMs - span);
  return { fromMs: from, toMs: from + span };
}
