// What the console has: who is logged in, the list, the open session, the cursor and the window. Owns the
// requests to the service; decides nothing about who may.
import { computed, signal } from "@preact/signals";
import { beforeStop, type Header, sampleAt, stopsOf, type Track, type TrackEvent, trackOf, zoomed } from "./track";

export interface Listed {
  readonly name: string;
  readonly session_id: string;
  readonly recording: number;
  readonly has_recording: boolean;
  readonly header: Header;
  readonly state: string;
  readonly outcome: string;
  readonly measured: number | null;
  readonly stops: readonly string[];
}

export interface View {
  readonly fromMs: number;
  readonly toMs: number;
}

export const isIn = signal<boolean | null>(null); // null: not asked yet
export const problem = signal("");
export const list = signal<readonly Listed[]>([]);
export const stopped = signal(""); // why nothing is recorded now
export const openName = signal("");
export const track = signal<Track | null>(null);
export const cursorMs = signal(0);
export const view = signal<View>({ fromMs: 0, toMs: 1 });
export const isExportAsked = signal(false);

export const now = computed(() => (track.value ? sampleAt(track.value, cursorMs.value) : null));
export const opened = computed(() => list.value.find((each) => each.name === openName.value) ?? null);

interface HttpError {
  readonly code: string;
  readonly text: string;
}

async function ask<T>(path: string): Promise<T | null> {
  problem.value = "";
  try {
    const answer = await fetch(path, { headers: { Accept: "application/json" } });
    if (answer.ok) return (await answer.json()) as T;
    const error = (await answer.json()) as HttpError;
    if (answer.status === 401) isIn.value = false;
    else problem.value = error.text;
    if (answer.status === 403) isIn.value = false;
  } catch {
    problem.value = "offline";
  }
  return null;
}

/** Look whether somebody is logged in already. */
export async function begin(): Promise<void> {
  await refresh();
  if (isIn.value === null) isIn.value = false;
  const wanted = decodeURIComponent(location.hash.slice(1));
  if (wanted && list.value.some((each) => each.name === wanted)) await open(wanted);
}

/** The list again. */
export async function refresh(): Promise<void> {
  const found = await ask<{ sessions: Listed[]; stopped: string }>("/api/console/sessions");
  if (!found) return;
  isIn.value = true;
  list.value = found.sessions;
  stopped.value = found.stopped;
}

/** Log in; what is wrong shows as problem. */
export async function logIn(userId: string, pin: string): Promise<void> {
  problem.value = "";
  try {
    const answer = await fetch("/api/login", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user_id: userId, pin }),
    });
    if (!answer.ok) {
      problem.value = ((await answer.json()) as HttpError).text;
      return;
    }
  } catch {
    problem.value = "offline";
    return;
  }
  await refresh();
}

export async function logOut(): Promise<void> {
  await fetch("/api/logout", { method: "POST" });
  isIn.value = false;
  track.value = null;
  openName.value = "";
  list.value = [];
}

/** Open one session, at its first stop or at its end. */
export async function open(name: string): Promise<void> {
  openName.value = name;
  track.value = null;
  const body = await ask<Parameters<typeof trackOf>[0]>(`/api/console/sessions/${encodeURIComponent(name)}`);
  if (!body || openName.value !== name) return;
  const found = trackOf(body);
  history.replaceState(null, "", `#${encodeURIComponent(name)}`);
  view.value = { fromMs: found.fromMs, toMs: found.toMs };
  cursorMs.value = stopsOf(found)[0]?.atMs ?? found.toMs;
  track.value = found;
}

/** Move the cursor; the window follows when it would leave it. */
export function scrub(toMs: number): void {
  const whole = track.value;
  if (!whole) return;
  const at = Math.round(Math.min(whole.toMs, Math.max(whole.fromMs, toMs)));
  cursorMs.value = at;
  const { fromMs, toMs: endMs } = view.value;
  if (at >= fromMs && at <= endMs) return;
  const span = endMs - fromMs;
  const from = Math.min(Math.max(whole.fromMs, at - span / 2), whole.toMs - span);
  view.value = { fromMs: from, toMs: from + span };
}

/** The event after or before the cursor. */
export function stepEvent(direction: 1 | -1): void {
  const events = track.value?.events ?? [];
  const next =
    direction === 1
      ? events.find((event) => event.atMs > cursorMs.value)
      : events.findLast((event) => event.atMs < cursorMs.value);
  if (next) scrub(next.atMs);
}

export function showAll(): void {
  if (track.value) view.value = { fromMs: track.value.fromMs, toMs: track.value.toMs };
}

/** The last ten seconds before a stop. */
export function showStop(stop: TrackEvent): void {
  if (!track.value) return;
  view.value = beforeStop(track.value, stop);
  cursorMs.value = stop.atMs;
}

export function zoom(factor: number): void {
  if (track.value) view.value = zoomed(track.value, view.value, cursorMs.value, factor);
}
