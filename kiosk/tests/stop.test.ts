import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CONFIRM_MS, isOutputOff, REPEAT_MS, SHOW_CONFIRMED_MS, StopControl } from "../src/stop";
import type { Snapshot } from "../src/wire";
import { picture } from "./fakes";

let sent: number[];
let next: number;
let stop: StopControl;
const armed = picture("treating");
const off = picture("stopped_by_hand");

function withUnit(changes: Partial<Snapshot["unit"]>): Snapshot {
  return { ...armed, unit: { ...armed.unit, ...changes } };
}

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  next = 0;
  stop = new StopControl(
    (id) => {
      sent.push(id);
      return true;
    },
    () => {
      next += 1;
      return next;
    },
  );
});

afterEach(() => vi.useRealTimers());

describe("pressing", () => {
  test("sends in the same call and shows stopping", () => {
    stop.press();
    expect(sent).toEqual([1]);
    expect(stop.phase.value).toBe("stopping");
  });

  test("repeats the same id every 100 ms until answered", () => {
    stop.press();
    vi.advanceTimersByTime(REPEAT_MS * 3);
    expect(sent).toEqual([1, 1, 1, 1]);
    stop.onAnswered(1);
    vi.advanceTimersByTime(1000);
    expect(sent).toHaveLength(4);
  });

  test("again is a new request", () => {
    stop.press();
    stop.onAnswered(1);
    stop.press();
    expect(sent).toEqual([1, 2]);
  });

  test("an answer to an older press does not end the repeats", () => {
    stop.press();
    stop.press();
    stop.onAnswered(1);
    vi.advanceTimersByTime(REPEAT_MS);
    expect(sent).toEqual([1, 2, 2]);
  });
});

describe("confirming", () => {
  test("needs the machine's report and the answer, in either order", () => {
    stop.onSnapshot(armed);
    stop.press();
    stop.onAnswered(1);
    expect(stop.phase.value).toBe("stopping");
    stop.onSnapshot(off);
    expect(stop.phase.value).toBe("confirmed");

    stop.onSnapshot(armed);
    stop.press();
    stop.onSnapshot(off);
    expect(stop.phase.value).toBe("stopping");
    stop.onAnswered(2);
    expect(stop.phase.value).toBe("confirmed");
  });

  test("without it in 250 ms is not confirmed, and is put right by a late report", () => {
    stop.press();
    stop.onAnswered(1);
    stop.onSnapshot(armed);
    vi.advanceTimersByTime(CONFIRM_MS);
    expect(stop.phase.value).toBe("unconfirmed");
    stop.onSnapshot(off);
    expect(stop.phase.value).toBe("confirmed");
  });

  test("an old picture from before the line broke confirms nothing", () => {
    stop.onSnapshot(off);
    stop.onLost();
    stop.press();
    stop.onAnswered(1);
    vi.advanceTimersByTime(CONFIRM_MS);
    expect(stop.phase.value).toBe("unconfirmed");
  });

  test("goes back to STOP after two seconds", () => {
    stop.onSnapshot(off);
    stop.press();
    stop.onAnswered(1);
    vi.advanceTimersByTime(SHOW_CONFIRMED_MS);
    expect(stop.phase.value).toBe("idle");
  });
});

describe("output off", () => {
  test.each([
    ["armed", withUnit({}), false],
    ["charged and ready", withUnit({ mcu_state: "READY" }), false],
    ["discharging", withUnit({ mcu_state: "DISCHARGING" }), true],
    ["fault", withUnit({ mcu_state: "FAULT" }), true],
    ["cannot fire", withUnit({ mcu_state: "HOLD", can_fire: false }), true],
    ["silent line", withUnit({ mcu_state: "FAULT", link: "silent" }), false],
    ["old report", withUnit({ mcu_state: "FAULT", heard_ms_ago: 1500 }), false],
    ["never heard", withUnit({ mcu_state: "FAULT", heard_ms_ago: null }), false],
  ])("%s", (_name, snapshot, expected) => {
    expect(isOutputOff(snapshot)).toBe(expected);
  });
});
