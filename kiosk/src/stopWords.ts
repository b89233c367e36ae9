// The fault registry's sentences about one stop or hold, its values filled in: what happened, what to do
// now, how long it takes. Pure.
import { measured } from "./format";
import { t, tFirst } from "./text";
import type { StopView } from "./wire";

interface StopWords {
  what: string;
  advice: string;
  time: string;
}

/** For the screen that says why. */
export function stopWords(stop: StopView): StopWords {
  const args = {
    value: measured(stop.value, stop.unit),
    limit: measured(stop.limit, stop.unit),
    unit: stop.unit,
  };
  return {
    what: tFirst([`stop-${stop.code}-what`], t("stop-other", { code: stop.code }), args),
    advice: tFirst([`stop-${stop.code}-do`], t("stop-other-do"), args),
    time: tFirst([`stop-${stop.code}-time`], "", args),
  };
}
