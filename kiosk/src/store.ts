// What the page knows and shows: the last snapshot, the state of the line, what a person has opened on
// this screen. Wires link, STOP and trace together. Decides nothing about the machine: it requests, and
// shows the answer. Time is the page's monotonic clock.
import { computed, signal } from "@preact/signals";
import { type CommandBody, Link, type LinkState, type Outcome, type SocketLike } from "./link";
import { StopControl } from "./stop";
import { t, tFirst } from "./text";
import { Trace } from "./trace";
import type { Phase, Snapshot } from "./wire";

/** A question or list laid over the main region only. */
export type Dialog =
  | { kind: "alarms" }
  | { kind: "release"; key: string }
  | { kind: "release_gap" }
  | { kind: "held" }
  | { kind: "ledger" }
  | { kind: "end" }
  | { kind: "note" }
  | { kind: "sign" };
export interface Notice {
  text: string;
  isBad: boolean;
}

const NOTICE_MS = 6000; // long enough to read two short sentences
const TICK_MS = 500; // ages of lost values are shown in seconds

export const snapshot = signal<Snapshot | null>(null);
export const linkState = signal<LinkState>("opening");
export const nowMs = signal(performance.now());
export const notice = signal<Notice | null>(null);
export const dialog = signal<Dialog | null>(null);
export type Place = "today" | "device" | "controller";
export const place = signal<Place>("today");
export const busy = signal<string | null>(null); // kind of the command that waits for its answer
export const traceRev = signal(0);
export const isOutdatedPage = signal(false);
export const trace = new Trace();

/** The name of the screen for this picture; one file in screens/ each. */
export const screenName = computed<string>(() => {
  const now = snapshot.value;
  if (!now) return "connecting";
  if (!now.me) return "lock";
  if (now.phase === "idle" && now.safety_test.stage !== "off") return "safety_test";
  if (now.phase === "idle") return place.value;
  return SCREEN_OF[now.phase];
});

const SCREEN_OF: Record<Exclude<Phase, "idle">, string> = {
  patient: "patient",
  checks: "checks",
  ready: "ready",
  arming: "ready",
  armed: "ready",
  treating: "treating",
  paused: "paused",
  resuming: "paused",
  stopped: "stopped",
  uncertain: "uncertain",
  wrapup: "wrapup",
  record: "record",
};

/** Whether what the screen shows may be old. */
export const isStale = computed(() => linkState.value !== "live");
/** Milliseconds since the service was last heard. */
export const silentMs = computed(() => (link.heardAt === null ? 0 : nowMs.value - link.heardAt));

let frames = 0;
let touches = 0;
let noticeTimer: ReturnType<typeof setTimeout> | undefined;

const link = new Link(
  () => new WebSocket(socketAddress()) as unknown as SocketLike,
  {
    onSnapshot,
    onState,
    onStopAnswered: (id) => stop.onAnswered(id),
    onUnknown,
  },
  () => ({ frames, screen: screenName.value, touches }),
);
export const stop = new StopControl(
  (id) => link.sendStop(id),
  () => link.nextId(),
);

/** Connects and counts drawn frames and touches for the beat; called once by main.tsx. */
export function start(): void {
  const count = (): void => {
    frames += 1;
    requestAnimationFrame(count);
  };
  requestAnimationFrame(count);
  const touched = (): void => {
    touches += 1;
  };
  addEventListener("pointerdown", touched, { capture: true });
  addEventListener("keydown", touched, { capture: true });
  setInterval(() => {
    nowMs.value = performance.now();
  }, TICK_MS);
  link.start();
}

/** Sends a command as the operator saw it now; shows why when it was not done. */
export async function act(body: CommandBody): Promise<boolean> {
  if (busy.value === body.t) return false; // the second tap of a trembling finger
  busy.value = body.t;
  const outcome = await link.command(body, snapshot.value?.rev ?? 0);
  if (busy.value === body.t) busy.value = null;
  const text = outcomeText(outcome);
  if (text) say(text, true);
  return outcome.kind === "accepted";
}

/** Shows a sentence at the foot of the main region for some seconds. */
export function say(text: string, isBad = false): void {
  notice.value = { text, isBad };
  clearTimeout(noticeTimer);
  noticeTimer = setTimeout(() => {
    notice.value = null;
  }, NOTICE_MS);
}

/** Logs in with a PIN; answers the sentence of a refusal, or nothing. */
export async function login(userId: string, pin: string): Promise<string> {
  const answer = await post("api/login", { user_id: userId, pin });
  if (answer === null) return t("notice-unconfirmed");
  if (answer.ok) {
    link.reopen();
    return "";
  }
  const body = (await answer.json().catch(() => ({}))) as { code?: string; text?: string };
  return body.text ?? tFirst([`refusal-${body.code ?? ""}`], t("login-failed"));
}

/** Locks the screen. */
export async function logout(): Promise<void> {
  const answer = await post("api/logout", {});
  if (!answer?.ok) say(t("notice-unconfirmed"), true);
  link.reopen();
}

async function post(path: string, body: object): Promise<Response | null> {
  const options = {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  };
  return fetch(path, options).catch(() => null);
}

function outcomeText(outcome: Outcome): string {
  switch (outcome.kind) {
    case "accepted":
      return "";
    case "refused":
      return outcome.text || tFirst([`refusal-${outcome.code}`], outcome.code, outcome.args);
    case "unconfirmed":
      return t("notice-unconfirmed");
    case "not_sent":
      return t("notice-not-sent");
  }
}

function onSnapshot(next: Snapshot): void {
  const before = snapshot.peek();
  if (before?.phase !== next.phase || before?.me?.user_id !== next.me?.user_id) dialog.value = null;
  if (before?.phase !== next.phase) place.value = "today";
  snapshot.value = next;
  stop.onSnapshot(next);
  if (trace.add(performance.now(), next.device.surface_c)) traceRev.value += 1;
  if (next.me && !before?.me) void loadTrace();
}

function onState(state: LinkState): void {
  linkState.value = state;
  if (state !== "live") stop.onLost();
}

function onUnknown(what: string): void {
  console.error(`message not understood: ${what}`);
  isOutdatedPage.value = true;
}

async function loadTrace(): Promise<void> {
  const answer = await fetch("api/trace").catch(() => null);
  if (!answer?.ok) return; // the chart then begins now; nothing else depends on it
  const points = (await answer.json()) as [number, number | null, number | null][];
  trace.prepend(performance.now(), points);
  traceRev.value += 1;
}

function socketAddress(): string {
  const address = new URL("ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
