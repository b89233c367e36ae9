import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ANSWER_MS, BEAT_MS, Link, type LinkState, OPENING_MS, RETRY_MS, SILENCE_MS } from "../src/link";
import { FakeSocket, picture } from "./fakes";

let sockets: FakeSocket[];
let states: LinkState[];
let unknown: string[];
let stops: number[];
let link: Link;

const last = (): FakeSocket => sockets.at(-1) as FakeSocket;

beforeEach(() => {
  vi.useFakeTimers();
  [sockets, states, unknown, stops] = [[], [], [], []];
  link = new Link(
    () => {
      sockets.push(new FakeSocket());
      return last();
    },
    {
      onSnapshot: () => undefined,
      onState: (state) => states.push(state),
      onStopAnswered: (id) => stops.push(id),
      onUnknown: (what) => unknown.push(what),
    },
    () => ({ frames: 7, screen: "today", touches: 2 }),
  );
  link.start();
});

afterEach(() => {
  link.end();
  vi.useRealTimers();
});

function goLive(): void {
  last().open();
  last().say(picture("today"));
}

describe("freshness", () => {
  test("a first picture makes the line live", () => {
    goLive();
    expect(states).toEqual(["live"]);
  });

  test("a second of silence loses the line and closes the socket", () => {
    goLive();
    vi.advanceTimersByTime(SILENCE_MS - 1);
    expect(link.state).toBe("live");
    vi.advanceTimersByTime(1);
    expect(states).toEqual(["live", "lost"]);
    expect(last().readyState).toBe(3);
  });

  test("any message keeps the line", () => {
    goLive();
    for (let i = 0; i < 5; i += 1) {
      vi.advanceTimersByTime(SILENCE_MS - 100);
      last().say({ t: "accepted", id: 99 });
    }
    expect(link.state).toBe("live");
  });

  test("a socket that never opens is given up", () => {
    vi.advanceTimersByTime(OPENING_MS);
    expect(states).toEqual(["lost"]);
  });

  test("retries grow to four seconds and begin anew after a picture", () => {
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      const before = sockets.length;
      last().onclose?.();
      let waited = 0;
      while (sockets.length === before) {
        vi.advanceTimersByTime(50);
        waited += 50;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([...RETRY_MS, 4000, 4000]);
    goLive();
    const before = sockets.length;
    last().onclose?.();
    vi.advanceTimersByTime(250);
    expect(sockets.length).toBe(before + 1);
  });
});

describe("beat", () => {
  test("goes out on opening and twice a second, with frames, screen, revision, touches", () => {
    goLive();
    last().sent = [];
    for (let i = 0; i < 4; i += 1) {
      vi.advanceTimersByTime(BEAT_MS);
      last().say(picture("today"));
    }
    expect(last().ofKind("beat")).toHaveLength(4);
    const beat = { t: "beat", frames: 7, screen: "today", shown_rev: picture("today").rev, touches: 2 };
    expect(last().ofKind("beat")[0]).toEqual(beat);
  });
});

describe("commands", () => {
  test("carry id and the revision that was shown, and resolve when accepted", async () => {
    goLive();
    const outcome = link.command({ t: "open_visit", appointment_id: "a1" }, 41);
    const sent = last().ofKind("open_visit")[0];
    expect(sent).toMatchObject({ rev: 41, appointment_id: "a1" });
    last().say({ t: "accepted", id: sent?.id });
    expect(await outcome).toEqual({ kind: "accepted" });
  });

  test("refused gives code and text", async () => {
    goLive();
    const outcome = link.command({ t: "arm" }, 1);
    last().say({ t: "refused", id: last().ofKind("arm")[0]?.id, code: "checks_open", args: {}, text: "No." });
    expect(await outcome).toEqual({ kind: "refused", code: "checks_open", args: {}, text: "No." });
  });

  test("without an answer in two seconds are not confirmed", async () => {
    goLive();
    const outcome = link.command({ t: "pause" }, 1);
    const beats = setInterval(() => last().say({ t: "accepted", id: 12345 }), 500);
    await vi.advanceTimersByTimeAsync(ANSWER_MS);
    clearInterval(beats);
    expect(await outcome).toEqual({ kind: "unconfirmed" });
  });

  test("in flight when the line breaks are not confirmed", async () => {
    goLive();
    const outcome = link.command({ t: "pause" }, 1);
    last().onclose?.();
    expect(await outcome).toEqual({ kind: "unconfirmed" });
  });

  test("on a lost line are not sent", async () => {
    goLive();
    last().onclose?.();
    expect(await link.command({ t: "start" }, 1)).toEqual({ kind: "not_sent" });
    expect(last().ofKind("start")).toHaveLength(0);
  });

  test("ids are never used twice, also across connections", () => {
    goLive();
    void link.command({ t: "pause" }, 1);
    link.reopen();
    goLive();
    void link.command({ t: "pause" }, 1);
    const ids = sockets.flatMap((socket) => socket.sent.map((message) => message.id)).filter(Boolean);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("other messages", () => {
  test("an answer to STOP is reported by its id", () => {
    goLive();
    const id = link.nextId();
    expect(link.sendStop(id)).toBe(true);
    last().say({ t: "accepted", id });
    expect(stops).toEqual([id]);
  });

  test("STOP before the line is open is not sent", () => {
    expect(link.sendStop(link.nextId())).toBe(false);
  });

  test("unknown, unreadable and malformed are reported, not ignored", () => {
    goLive();
    last().say({ t: "novelty" });
    last().say("{");
    last().say({ t: "malformed", where: "rev", text: "too small" });
    expect(unknown).toHaveLength(3);
    expect(link.state).toBe("live");
  });
});
