import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import * as format from "../src/format";
import { HOLD_MS, HoldTimer } from "../src/hold";
import { pxPerMm } from "../src/panel";
import { spotsOf } from "../src/sites";
import { SPAN_MS, Trace } from "../src/trace";

describe("numbers and times", () => {
  test.each([
    [0, "0"],
    [999, "999"],
    [1240, "1\u202f240"],
    [1284600, "1\u202f284\u202f600"],
    [-3000, "−3\u202f000"],
  ])("grouped %d", (value, text) => expect(format.grouped(value)).toBe(text));

  test.each([
    [0, "0:00"],
    [1, "0:01"],
    [5200, "0:06"],
    [60_000, "1:00"],
    [667_000, "11:07"],
    [-5, "0:00"],
  ])("countdown %d ms", (ms, text) => expect(format.countdown(ms)).toBe(text));

  test("unknown values are a dash, never a number", () => {
    expect([format.celsius(null), format.percent(null), format.measured(null, "°C")]).toEqual(["–", "–", "–"]);
  });

  test("units follow a no-break space", () => {
    expect(format.celsius(34.16)).toBe("34.2\u00a0°C");
    expect(format.measured(41, "°C")).toBe("41\u00a0°C");
    expect(format.measured(41.25, "°C")).toBe("41.3\u00a0°C");
  });

  test("lengths and dates in words", () => {
    expect(format.lengthOf(192)).toBe("3\u00a0min 12\u00a0s");
    expect(format.lengthOf(1080)).toBe("18\u00a0min");
    expect(format.lengthOf(45)).toBe("45\u00a0s");
    expect(format.dayOf("2026-11-21")).toBe("Saturday 21 November");
    expect(format.dateOf("2026-10-29T08:00:00Z")).toBe("29 October 2026");
    expect(format.dateOf("soon")).toBe("soon");
    expect(format.clockOf("2026-11-21T09:36:12+01:00")).toBe("09:36");
  });

  test("a part never leaves 0 to 1", () => {
    expect([format.part(5, 0), format.part(9, 3), format.part(-1, 3), format.part(1, 4)]).toEqual([0, 1, 0, 0.25]);
  });
});

describe("holding", () => {
  let done: number;
  let held: boolean[];
  let timer: HoldTimer;
  beforeEach(() => {
    vi.useFakeTimers();
    done = 0;
    held = [];
    timer = new HoldTimer(
      (isHeld) => held.push(isHeld),
      () => {
        done += 1;
      },
    );
  });
  afterEach(() => vi.useRealTimers());

  test("for its time is done once", () => {
    timer.begin();
    timer.begin();
    vi.advanceTimersByTime(HOLD_MS - 1);
    expect(done).toBe(0);
    vi.advanceTimersByTime(HOLD_MS * 3);
    expect(done).toBe(1);
    expect(held).toEqual([true, false]);
  });

  test("released is never done, however often", () => {
    for (let i = 0; i < 5; i += 1) {
      timer.begin();
      vi.advanceTimersByTime(HOLD_MS - 1);
      timer.cancel();
    }
    vi.advanceTimersByTime(HOLD_MS * 2);
    expect(done).toBe(0);
  });
});

describe("trace", () => {
  test("keeps two values a second and ten minutes", () => {
    const trace = new Trace();
    let kept = 0;
    for (let ms = 0; ms <= SPAN_MS * 1.5; ms += 100) if (trace.add(ms, 30)) kept += 1;
    expect(kept).toBe(1801);
    const [minutes] = trace.columns(SPAN_MS * 1.5);
    expect(minutes.length).toBeLessThanOrEqual(1202);
    expect(minutes[0]).toBeGreaterThanOrEqual(-10);
  });

  test("history comes before what the page saw itself, without doubles", () => {
    const trace = new Trace();
    trace.add(10_000, 34);
    trace.prepend(10_500, [
      [0.2, 99, null],
      [5, 31, 40],
      [3, 32, 40],
    ]);
    expect(trace.columns(10_500)[1]).toEqual([31, 32, 34]);
    expect(trace.peak()).toBe(34);
  });

  test("an unknown value is a gap", () => {
    const trace = new Trace();
    trace.add(0, null);
    expect(trace.columns(0)[1]).toEqual([null]);
    expect(trace.peak()).toBeNull();
  });
});

describe("sides", () => {
  test("the patient's left is drawn at the left, right at the right, mirrored never", () => {
    expect(spotsOf("dlpfc-left", "left")[0]?.x).toBeLessThan(0);
    expect(spotsOf("dlpfc-right", "right")[0]?.x).toBeGreaterThan(0);
    expect(spotsOf("dlpfc", "bilateral")).toHaveLength(2);
    expect(spotsOf("occiput", "midline")).toEqual([{ x: 0, y: 0.78 }]);
    expect(spotsOf("elsewhere", "left")).toEqual([]);
  });
});

describe("panel", () => {
  test.each([
    [800, "", 5.19],
    [914, "", 5.9],
    [1280, "", 5.9],
    [1280, "?panel_mm=155", 1280 / 155],
    [1280, "?panel_mm=7", 5.9],
    [1280, "?panel_mm=wide", 5.9],
  ])("%d px %s", (px, search, mm) => expect(pxPerMm(px, search)).toBeCloseTo(mm));
});
