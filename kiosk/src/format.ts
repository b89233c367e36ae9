// Numbers, times and names as people read them. Pure: no clock, no locale of the machine; units
// follow a no-break space, groups are thin spaces (sources.md kiosk 5.7).
const NBSP = "\u00a0";
const NARROW = "\u202f";
const NOTHING = "–";

/** 3000 as "3 000" with a narrow no-break space. */
export function grouped(value: number): string {
  const digits = Math.abs(Math.trunc(value)).toString();
  const text = digits.length > 3 ? digits.replace(/\B(?=(\d{3})+$)/g, NARROW) : digits;
  return value < 0 ? `−${text}` : text;
}

/** A percentage, or a dash when nobody knows. */
export function percent(value: number | null): string {
  return value === null ? NOTHING : `${Math.round(value)}${NBSP}%`;
}

/** Tenths of a degree, or a dash when nobody knows. */
export function celsius(value: number | null): string {
  return value === null ? NOTHING : `${value.toFixed(1)}${NBSP}°C`;
}

/** A measured value with its unit, as few digits as it needs. */
export function measured(value: number | null, unit: string): string {
  if (value === null) return NOTHING;
  const text = Number.isInteger(value) ? grouped(value) : value.toFixed(1);
  return unit ? `${text}${NBSP}${unit}` : text;
}

/** Milliseconds of a limit, in seconds from one second on: "0.4 ms", "8.4 s". */
export function duration(ms: number, limitMs: number): string {
  return limitMs < 1000 ? measured(ms, "ms") : measured(ms / 1000, "s");
}

/** Time left as m:ss, rounded up so that 0:00 means over. */
export function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
}

/** A length in words: "3 min 12 s", "18 min", "45 s". */
export function lengthOf(totalS: number): string {
  const seconds = Math.round(totalS);
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  if (minutes === 0) return `${rest}${NBSP}s`;
  return rest === 0 ? `${minutes}${NBSP}min` : `${minutes}${NBSP}min ${rest}${NBSP}s`;
}

/** HH:MM of an ISO local time. */
export function clockOf(iso: string): string {
  return iso.length >= 16 ? iso.slice(11, 16) : iso;
}

/** "Saturday 21 November" of an ISO date; the input when it is none. */
export function dayOf(isoDate: string): string {
  return dateIn(isoDate, { weekday: "long", day: "numeric", month: "long" });
}

/** "2 November 2026" of an ISO date or time; the input when it is none. */
export function dateOf(isoDate: string): string {
  return dateIn(isoDate, { day: "numeric", month: "long", year: "numeric" });
}

/** "22 Nov" of an ISO date or time; the input when it is none. */
export function shortDateOf(isoDate: string): string {
  return dateIn(isoDate, { day: "numeric", month: "short" });
}

function dateIn(iso: string, options: Intl.DateTimeFormatOptions): string {
  const found = /^(\d{4})-(\d{2})-(\d{2})/.exec(iso);
  if (!found) return iso;
  const date = new Date(Date.UTC(Number(found[1]), Number(found[2]) - 1, Number(found[3])));
  return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" }).format(date).replace(",", "");
}

/** Seconds since, for "last heard 3 s ago". */
export function secondsAgo(ms: number): number {
  return Math.max(1, Math.floor(ms / 1000));
}

/** Part of a whole, 0 to 1, never outside. */
export function part(value: number, whole: number): number {
  return whole <= 0 ? 0 : Math.min(1, Math.max(0, value / whole));
}
