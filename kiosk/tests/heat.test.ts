import { describe, expect, test } from "vitest";
import { heatWord, offHeadWord } from "../src/heat";
import { splitsOf } from "../src/parts/axes";
import type { HeatView } from "../src/wire";

const FINE: HeatView = {
  start: "ok",
  ready_in_min: null,
  peak_c: 33.1,
  peak_in_s: 40,
  is_learned: true,
  is_off_head_due: false,
  has_cooling_failed: false,
  curve: [],
};

describe("what is foreseen of the coil's heat", () => {
  test("a fit coil needs no words", () => {
    expect(heatWord(FINE)).toBe("");
    expect(heatWord({ ...FINE, start: "none" })).toBe("");
    expect(offHeadWord(FINE)).toBe("");
  });

  test("a warm coil says for how long", () => {
    expect(heatWord({ ...FINE, start: "wait", ready_in_min: 12 })).toContain("12 min");
  });

  test.each([
    [{ start: "never" }, "more cooling"],
    [{ start: "unknown" }, "Nothing is known"],
    [{ start: "wait", ready_in_min: 3, has_cooling_failed: true }, "does not cool"],
  ] as const)("%j", (change, words) => expect(heatWord({ ...FINE, ...change })).toContain(words));

  test("a face that goes on warming has to leave the head", () => {
    expect(offHeadWord({ ...FINE, is_off_head_due: true })).toContain("off the head");
  });
});

describe("marks of the time axis", () => {
  test.each([
    [-2, 0, [-2, -1, 0]],
    [-10, 0, [-10, -5, 0]],
    [-2, 8, [0, 5]],
    [-10, 15, [-10, -5, 0, 5, 10, 15]],
  ])("from %d to %d minutes", (low, high, marks) => expect(splitsOf(low, high)).toEqual(marks));
});
