// The console's questions about a track, and its words for every kind of event.
import { describe, expect, test } from "vitest";
import {
  alarmsOf,
  beforeStop,
  clockAt,
  indexAt,
  momentAt,
  type Row,
  sampleAt,
  stopsOf,
  stretchesOf,
  trackOf,
  trainsOf,
  utcOf,
  zoomed,
} from "../src/service/track";
import { lineOf } from "../src/service/words";

const s = (atMs: number, delivered: number, phase = "treating", mcu = "ARMED", link = "live"): Row => [
  "s", atMs, 300, null, 301, 335, 1_116_000, delivered, 0, phase, mcu, link,
];
const e = (atMs: number, kind: string, args: Record<string, unknown> = {}): Row => ["e", atMs, kind, args];

const TRACK = trackOf({
  header: { began_ms: 1000, began_utc: "2026-11-21T08:00:00+00:00", prescribed: 60, surface_c10_max: 410 },
  chunks: [
    [s(0, 0, "ready"), e(1000, "phase", { was: "ready", now: "treating" }), s(1100, 0)],
    [s(1200, 1), s(1300, 2), s(5000, 2), s(5100, 3), e(5150, "alarm_on", { id: "estop", priority: "high" })],
    [e(5150, "stop", { now: "101", value: null, limit: null, unit: "" }), e(5160, "phase", { now: "stopped" })],
    [e(7000, "alarm_off", { id: "estop" }), e(8000, "alarm_on", { id: "door", priority: "high" }), s(9000, 3, "stopped")],
  ],
});

describe("a track", () => {
  test("has values in people's units", () => {
    const at = sampleAt(TRACK, 1250);
    expect(at).toMatchObject({ surfaceC: 30, windingC: null, ownC: 30.1, foreseenC: 33.5, bankV: 1116, delivered: 1 });
    expect(sampleAt(TRACK, -1)).toBeNull();
  });

  test("runs from its first row to its last", () => expect([TRACK.fromMs, TRACK.toMs]).toEqual([0, 9000]));

  test("finds the last item at or before a moment", () => {
    const items = [1, 2, 2, 5].map((atMs) => ({ atMs }));
    expect([0, 1, 2, 4, 9].map((at) => indexAt(items, at))).toEqual([-1, 0, 2, 2, 3]);
  });

  test("changes phase when the event says so, not at the next sample", () => {
    expect(stretchesOf(TRACK, "phase").map(({ fromMs, toMs, value }) => [fromMs, toMs, value])).toEqual([
      [0, 1000, "ready"],
      [1000, 5160, "treating"],
      [5160, 9000, "stopped"],
    ]);
  });

  test("has one stretch for what never changed", () => {
    expect(stretchesOf(TRACK, "link")).toEqual([{ fromMs: 0, toMs: 9000, value: "live" }]);
  });

  test("has its trains with their pulses, apart where nothing was given for a while", () => {
    expect(trainsOf(TRACK)).toEqual([
      { train: 1, pulses: 2, fromMs: 1100, toMs: 1300 },
      { train: 2, pulses: 1, fromMs: 5000, toMs: 5100 },
    ]);
  });

  test("has alarms from on to off, and one that is still on to the end", () => {
    expect(alarmsOf(TRACK).map(({ fromMs, toMs, value }) => [value, fromMs, toMs])).toEqual([
      ["estop", 5150, 7000],
      ["door", 8000, 9000],
    ]);
  });

  test("shows ten seconds before a stop, as far as there are", () => {
    const stop = stopsOf(TRACK)[0];
    expect(stop && beforeStop(TRACK, stop)).toEqual({ fromMs: 0, toMs: 7150 });
  });

  test("tells the time of day by its beginning", () => {
    expect(utcOf(TRACK, 3500).toISOString()).toBe("2026-11-21T08:00:02.500Z");
    expect(momentAt(TRACK, 3500)).toBe(`${clockAt(TRACK, 3500)}.5`);
  });

  test("zooms about the cursor and never beyond itself", () => {
    expect(zoomed(TRACK, { fromMs: 0, toMs: 9000 }, 4500, 0.5)).toEqual({ fromMs: 2250, toMs: 6750 });
    expect(zoomed(TRACK, { fromMs: 2250, toMs: 6750 }, 6000, 100)).toEqual({ fromMs: 0, toMs: 9000 });
    expect(zoomed(TRACK, { fromMs: 8000, toMs: 9000 }, 9000, 0.1)).toEqual({ fromMs: 8000, toMs: 9000 });
  });

  test("without rows is empty and not broken", () => {
    const none = trackOf({ header: {}, chunks: [] });
    expect([sampleAt(none, 0), stretchesOf(none, "mcu"), trainsOf(none), stopsOf(none)]).toEqual([null, [], [], []]);
  });
});

describe("an event in words", () => {
  const words = (kind: string, args: Record<string, unknown>) => lineOf({ atMs: 0, kind, args }).text;

  test.each([
    ["stop", { now: "101", value: null, limit: null, unit: "" }, "The emergency stop was pressed."],
    ["stop", { now: "surface", value: 41.2, limit: 41, unit: "°C" }, "Stop surface"],
    ["story", { line: "train_done", args: { train: 2, pulses: 30 } }, "Train 2: 30 pulses"],
    ["alarm_on", { id: "estop", priority: "high" }, "Alarm: Emergency stop pressed"],
    ["alarm_off", { id: "estop" }, "Alarm over: Emergency stop pressed"],
    ["contact", { now: false, name: "door", side: "edge" }, "Door: open (computer's wire)"],
    ["contact", { now: null, name: "host", side: "controller" }, "Enable of the computer: unknown (controller's wire)"],
    ["faults", { now: [101, 107] }, "Controller latched 101, 107"],
    ["faults", { now: [] }, "Controller has no fault"],
    ["phase", { now: "treating" }, "Treatment is running"],
    ["mcu", { now: "TRAIN" }, "Controller: TRAIN"],
    ["something-newer", {}, "something-newer"],
  ])("%s %j", (kind, args, text) => expect(words(kind, args)).toBe(text));

  test("of a stop stands out, of a closed contact does not", () => {
    expect(lineOf({ atMs: 0, kind: "stop", args: { now: "101" } }).tone).toBe("stop");
    expect(lineOf({ atMs: 0, kind: "contact", args: { now: true, name: "door" } }).tone).toBe("plain");
  });
});
