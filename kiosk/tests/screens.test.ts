// Pure selectors of the screens, on the pictures that the Python tests have checked.
import { describe, expect, test } from "vitest";
import { degreesOf, splitsOf } from "../src/parts/axes";
import { currentQuestion } from "../src/screens/checks";
import { nextWord, tookWord, untilWord } from "../src/screens/safety_test";
import { pageOf } from "../src/screens/today";
import { picture } from "./fakes";

describe("pages of the day", () => {
  test("a list that fits has no page", () => {
    expect(pageOf([1, 2, 3], 3, 5)).toEqual({ shown: [1, 2, 3], more: 0 });
  });

  test("every visit is on exactly one page, and the pages come round", () => {
    const visits = [1, 2, 3, 4, 5, 6, 7];
    const pages = [0, 1, 2].map((index) => pageOf(visits, 4, index).shown);
    expect(pages.flat().sort()).toEqual(visits);
    expect(pageOf(visits, 4, 3).shown).toEqual(pages[0]);
    expect(pageOf(visits, 4, 0).more).toBe(4);
  });
});

describe("the question to show", () => {
  const questions = (name: string) => picture(name).visit?.checks.filter((c) => c.kind === "question") ?? [];

  test("is the first without an answer", () => {
    expect(currentQuestion(questions("checks"), null)?.key).toBe("health");
  });

  test("is the one a person went back to", () => {
    expect(currentQuestion(questions("checks"), "sleep")?.key).toBe("sleep");
  });

  test("is none when all are answered", () => {
    expect(currentQuestion(questions("checks_summary"), null)).toBeNull();
  });
});

describe("axes", () => {
  test("time ends with now", () => {
    expect(splitsOf(-2)).toEqual([-2, -1, 0]);
    expect(splitsOf(-10)).toEqual([-10, -5, 0]);
  });

  test("degrees are round", () => {
    expect(degreesOf(20, 43)).toEqual([20, 25, 30, 35, 40]);
    expect(degreesOf(20, 82)).toEqual([20, 30, 40, 50, 60, 70, 80]);
  });
});

describe("the safety test", () => {
  const steps = (name: string) => picture(name).safety_test.steps;
  const words = (name: string, key: string) => {
    const step = steps(name).find((each) => each.key === key);
    return step ? tookWord(step).replace(/\s/g, " ") : "missing";
  };

  test("shows a time with its limit, in seconds where they are", () => {
    expect(words("safety_failed", "door")).toBe("37.4 ms, limit 10 ms");
    expect(words("safety_passed", "watchdog")).toBe("8.4 s, limit 12 s");
  });

  test("shows no number for what is only seen, and none before it was tried", () => {
    expect(words("safety_passed", "cooling")).toBe("seen");
    expect(words("safety_estop", "estop")).toBe("");
    expect(words("safety_estop", "door")).toBe("");
    expect(words("safety_over_failed", "estop")).toBe("");
  });

  test("says until when it holds, with the day when that is not today", () => {
    const now = picture("today");
    expect(untilWord(now)).toBe("22 Nov, 07:52");
    const today = { ...now, safety_test: { ...now.safety_test, until: "2026-11-21T18:00:00+01:00" } };
    expect(untilWord(today)).toBe("18:00");
    expect(untilWord(picture("today_safety_due"))).toBe("");
  });

  test("a test that was given up says whether an older certificate holds", () => {
    const due = picture("today_safety_due");
    const given_up = (until: string) => ({ ...due, safety_test: { ...due.safety_test, outcome: "dropped" as const, until } });
    expect(nextWord(given_up(""))).toContain("before the first patient");
    expect(nextWord(given_up(`${due.clock.slice(0, 10)}T18:00:00+01:00`))).toContain("18:00");
  });
});
