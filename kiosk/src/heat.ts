// What is foreseen of the coil's heat, as one sentence for the screen where it matters. The service
// judges; this only chooses the words. Pure.
import { t } from "./text";
import type { HeatView } from "./wire";

/** Why the coil is not fit for what is left to give, or nothing. */
export function heatWord(heat: HeatView): string {
  if (heat.has_cooling_failed) return t("heat-cooling-failed");
  if (heat.start === "wait") return t("heat-wait", { minutes: heat.ready_in_min ?? 1 });
  if (heat.start === "never") return t("heat-never");
  if (heat.start === "unknown") return t("heat-unknown");
  return "";
}

/** What to do with the coil now although nothing more is given, or nothing. */
export function offHeadWord(heat: HeatView): string {
  return heat.is_off_head_due ? t("heat-off-head") : "";
}
