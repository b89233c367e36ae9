// What a resumption gives and how long it may wait, in words; and the session's trains as a picture's
// stretches. Pure: takes what the service sent, decides nothing.
import { countdown, grouped, lengthOf } from "./format";
import { t } from "./text";
import type { RestView, SessionView, TrainView } from "./wire";

/** "trains 16 to 20", "train 20", or nothing. */
function wholeTrains({ first_train: first, last_train: last }: RestView): string {
  if (first === 0) return "";
  return first === last ? t("trains-one", { train: first }) : t("trains-many", { first, last });
}

/** "Resuming gives 177: the rest of train 15 (27 pulses), then trains 16 to 20. About 52 s." */
export function offerWord(session: SessionView, rest: RestView): string {
  const whole = wholeTrains(rest);
  const begun =
    rest.rest_of_train > 0
      ? t("rest-of-train", { train: session.train, count: rest.rest_of_train, pulses: grouped(rest.rest_of_train) })
      : "";
  const what = begun && whole ? t("rest-then", { begun, whole }) : begun || whole;
  const pulses = grouped(session.remaining);
  return t("rest-gives", { pulses, what, length: lengthOf(Math.max(1, rest.length_ms / 1000)) });
}

/** How long ago the last pulse was and how long the rest may wait; empty while no pulse was given. */
export function waitWord(rest: RestView): string {
  const ago =
    rest.since_ms === null
      ? rest.doubt && t(`gap-${rest.doubt}`)
      : t("gap-since", { time: countdown(rest.since_ms) });
  return ago ? `${ago} ${leftWord(rest)}`.trim() : "";
}

function leftWord(rest: RestView): string {
  if (rest.released_by) {
    return t("gap-released", { who: rest.released_by, left: countdown(rest.release_left_ms) });
  }
  if (rest.left_ms === null) return "";
  const limit = t(`limit-of-${rest.source}`, { limit: lengthOf(rest.limit_s) });
  if (rest.left_ms <= 0) return t("gap-over", { limit });
  const left = countdown(rest.left_ms);
  return rest.source === "unit" ? t("gap-left", { left }) : t("gap-left-of", { left, limit });
}

/** A stretch of the strip, in pulses from the first of the session. */
export interface Stretch {
  kind: "given" | "unsure" | "due";
  from: number;
  to: number;
}

/** Given, not settled, still to come: together the whole session, none overlapping. */
export function stretchesOf({ prescribed, delivered, uncertain }: SessionView): Stretch[] {
  const given = Math.min(delivered, prescribed);
  const most = Math.min(delivered + uncertain, prescribed);
  const all: Stretch[] = [
    { kind: "given", from: 0, to: given },
    { kind: "unsure", from: given, to: most },
    { kind: "due", from: most, to: prescribed },
  ];
  return all.filter(({ from, to }) => to > from);
}

/** Trains of the ledger that are alike and follow each other, as one line. */
export interface LedgerLine {
  first: number;
  last: number;
  train: TrainView;
}

/** The ledger with equal neighbours folded. */
export function foldedLedger(ledger: readonly TrainView[]): LedgerLine[] {
  const lines: LedgerLine[] = [];
  ledger.forEach((train, index) => {
    const before = lines.at(-1);
    if (before && before.train.every((value, at) => value === train[at])) before.last = index + 1;
    else lines.push({ first: index + 1, last: index + 1, train });
  });
  return lines;
}
