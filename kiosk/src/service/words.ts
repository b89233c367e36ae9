// Events of a track in words, from the one catalogue. Pure.
import { measured } from "../format";
import { t, tFirst } from "../text";
import type { TrackEvent } from "./track";

export type Tone = "plain" | "stop" | "high" | "medium" | "low" | "open";

export interface Line {
  readonly text: string;
  readonly tone: Tone;
}

type Args = Readonly<Record<string, unknown>>;

const word = (args: Args, name: string): string => String(args[name] ?? "");

function storyOf(args: Args): Line {
  const given = (args.args ?? {}) as Record<string, string | number>;
  return { text: tFirst([`log-${word(args, "line")}`], word(args, "line"), given), tone: "plain" };
}

function alarmOf(kind: string, args: Args): Line {
  const what = tFirst([`alarm-${word(args, "id")}-what`], word(args, "id"), (args.args ?? {}) as Record<string, string>);
  if (kind === "alarm_on") {
    const priority = word(args, "priority");
    const tone = priority === "high" || priority === "medium" ? priority : "low";
    return { text: t("service-alarm-on", { what }), tone };
  }
  return { text: t(kind === "alarm_seen" ? "service-alarm-seen" : "service-alarm-off", { what }), tone: "plain" };
}

function contactOf(args: Args): Line {
  const name = word(args, "name");
  const who = t(args.side === "edge" ? "service-side-edge" : "service-side-controller");
  const what = tFirst([`interlock-${name}`, `service-contact-${name}`], name);
  const level = args.now;
  const state =
    level === null || level === undefined
      ? t("service-contact-unknown")
      : tFirst([`interlock-${name}-${level ? "ok" : "open"}`], t(level ? "service-contact-closed" : "service-contact-open"));
  return { text: t("service-contact", { what, state, who }), tone: level === true ? "plain" : "open" };
}

function stopOf(args: Args): Line {
  const code = word(args, "now");
  const unit = word(args, "unit");
  const values = {
    value: measured((args.value ?? null) as number | null, unit),
    limit: measured((args.limit ?? null) as number | null, unit),
  };
  return { text: tFirst([`stop-${code}-what`], t("service-stop-code", { code }), values), tone: "stop" };
}

function faultsOf(args: Args): Line {
  const codes = (args.now ?? []) as readonly number[];
  if (codes.length === 0) return { text: t("service-no-fault"), tone: "plain" };
  return { text: t("service-faults", { codes: codes.join(", ") }), tone: "high" };
}

/** One line for the list. */
export function lineOf({ kind, args }: TrackEvent): Line {
  switch (kind) {
    case "story":
      return storyOf(args);
    case "alarm_on":
    case "alarm_off":
    case "alarm_seen":
      return alarmOf(kind, args);
    case "contact":
      return contactOf(args);
    case "stop":
      return stopOf(args);
    case "faults":
      return faultsOf(args);
    case "phase":
      return { text: tFirst([`phase-${word(args, "now")}`], word(args, "now")), tone: "plain" };
    case "link": {
      const state = tFirst([`link-${word(args, "now")}`], word(args, "now"));
      const isGood = args.now === "live";
      return { text: t("service-link", { state, detail: word(args, "detail") }), tone: isGood ? "plain" : "medium" };
    }
    case "mcu":
      return { text: t("service-mcu", { state: word(args, "now") || "–" }), tone: "plain" };
    default:
      return { text: kind, tone: "plain" };
  }
}
