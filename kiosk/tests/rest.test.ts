// What a resumption gives and how long it may wait, in words; the strip; the ledger folded.
import { describe, expect, test } from "vitest";
import { foldedLedger, offerWord, stretchesOf, waitWord } from "../src/rest";
import { uncertainWords } from "../src/screens/uncertain";
import { waitsForClinician } from "../src/screens/paused";
import type { RestView, SessionView } from "../src/wire";
import { picture } from "./fakes";

function sessionOf(name: string): SessionView {
  const session = picture(name).visit?.session;
  if (!session) throw new Error(`${name} has no session`);
  return session;
}

function restOf(name: string): RestView {
  const { rest } = sessionOf(name);
  if (!rest) throw new Error(`${name} has no rest`);
  return rest;
}

const plain = (text: string): string => text.replace(/\s/g, " ");
const offer = (name: string): string => plain(offerWord(sessionOf(name), restOf(name)));
const wait = (name: string): string => plain(waitWord(restOf(name)));

describe("the offer", () => {
  test("names the rest of the cut train and the trains after it", () => {
    expect(offer("paused")).toBe(
      "Resuming gives 177: the rest of train 15 (27 pulses), then trains 16 to 20. About 52 s.",
    );
  });

  test("of whole trains, of one, of a single pulse", () => {
    expect(offer("paused_last_train")).toBe("Resuming gives 30: train 20. About 52 s.");
    const session = { ...sessionOf("paused"), train: 20, remaining: 1 };
    const last = { ...restOf("paused"), rest_of_train: 1, first_train: 0, last_train: 0, length_ms: 0 };
    expect(plain(offerWord(session, last))).toBe("Resuming gives 1: the rest of train 20 (1 pulse). About 1 s.");
  });

  test("says how long it may wait, and by whose limit when that is not the unit's own", () => {
    expect(wait("paused")).toBe("Last pulse 2:31 ago. May resume for another 12:29.");
    expect(wait("paused_last_train")).toBe(
      "Last pulse 2:31 ago. May resume for another 12:29 (the physician allows 15 min).",
    );
    expect(wait("paused_too_long")).toBe("Last pulse 25:05 ago. Too long to resume (this unit allows 15 min).");
    expect(wait("paused_released")).toBe("Last pulse 25:05 ago. Released by Dr. S. Brandt for another 12:29.");
    expect(wait("paused_no_clock")).toMatch(/^Nobody has confirmed the clock/);
  });

  test("says nothing of a last pulse while none was given", () => {
    expect(waitWord({ ...restOf("paused"), since_ms: null, left_ms: null })).toBe("");
  });

  test("asks a clinician only where a clinician can help", () => {
    const names = ["paused", "paused_too_long", "paused_no_clock", "paused_other_day", "paused_other_order"];
    const asked = names.map((name) => waitsForClinician(picture(name).refusals));
    expect(asked).toEqual([false, true, true, false, false]);
  });
});

describe("the strip", () => {
  test.each(["paused", "uncertain", "treating", "record", "ready", "treating_long"])(
    "of %s is the whole session, without a hole and without an overlap",
    (name) => {
      const session = sessionOf(name);
      const parts = stretchesOf(session);
      expect(parts[0]?.from).toBe(0);
      expect(parts.at(-1)?.to).toBe(session.prescribed);
      parts.slice(1).forEach((part, index) => expect(part.from).toBe(parts[index]?.to));
      expect(parts.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(session.prescribed);
    },
  );

  test("of more than was prescribed ends with the session", () => {
    const parts = stretchesOf({ ...sessionOf("uncertain"), delivered: 590, uncertain: 40 });
    expect(parts.map(({ kind, to }) => [kind, to])).toEqual([
      ["given", 590],
      ["unsure", 600],
    ]);
  });
});

describe("the ledger", () => {
  test("folds neighbours that are alike and loses no train", () => {
    const lines = foldedLedger(sessionOf("record_partial").ledger);
    expect(lines.map(({ first, last, train }) => [first, last, train[2]])).toEqual([
      [1, 2, 30],
      [3, 3, 30],
      [4, 14, 30],
      [15, 15, 3],
      [16, 20, 0],
    ]);
    expect(foldedLedger([])).toEqual([]);
  });
});

describe("the uncertain screen", () => {
  const said = (name: string) => uncertainWords(picture(name), sessionOf(name));

  test("says what happens next while the count is read and while nobody answers", () => {
    expect(said("uncertain").advice).toMatch(/is being read/);
    expect(said("uncertain_no_link").advice).toMatch(/must be heard again/);
  });

  test("of a count that stays open says why, and what to do", () => {
    const { title, why, advice } = said("uncertain_open");
    expect(title).toBe("Delivery uncertain");
    expect(why).toBe("The controller's stored count is damaged.");
    expect(advice).toMatch(/End it.*counts 360.*Tell the clinician/);
  });
});
