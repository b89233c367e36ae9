// The fixed row under the top bar: the highest alarm in four parts (mark, what, what the machine did,
// what to do), or the lost line, or "No alarms". Only the mark flashes, never the words.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { measured, secondsAgo } from "../format";
import { isCompact } from "../panel";
import { act, dialog, isOutdatedPage, isStale, silentMs, snapshot, stop } from "../store";
import { t, tFirst } from "../text";
import type { AlarmView, DeviceView, Snapshot } from "../wire";
import { Icon, type IconName } from "./Icon";

export const MARK = { high: "!!!", medium: "!!", low: "!" } as const;

/** The words of one alarm; a part that the catalogue lacks stays empty. */
export function alarmWords(alarm: AlarmView): { what: string; did: string; advice: string } {
  const words = (part: string): string => tFirst([`alarm-${alarm.alarm_id}-${part}`], "", alarm.args);
  const what = words("what") || tFirst([`stop-${alarm.alarm_id}-what`], alarm.alarm_id, alarm.args);
  return { what, did: words("did"), advice: words("do") };
}

/** What was measured and its limit, since when, and how it stands; for the list. */
export function alarmFacts(alarm: AlarmView): string {
  const { value, limit, unit } = alarm.args;
  const number = (given: unknown): string =>
    typeof given === "number" ? measured(given, typeof unit === "string" ? unit : "") : "";
  const facts = [t("alarm-since", { at: alarm.since })];
  if (number(value) && number(limit))
    facts.unshift(t("alarm-measured", { value: number(value), limit: number(limit) }));
  if (!alarm.is_active) facts.push(t("alarm-gone"));
  if (alarm.is_acknowledged) facts.push(t("alarm-is-understood"));
  return facts.join(" · ");
}

interface RowProps {
  look: string;
  mark: string;
  icon: IconName;
  what: string;
  rest: readonly string[];
  more?: number;
}

/** Ways to fit the row, in order: everything, everything smaller, the advice smaller, the name alone. */
const FITS = [
  { parts: 9, look: "" },
  { parts: 9, look: "tight" },
  { parts: 1, look: "tight" },
  { parts: 0, look: "" },
] as const;

/** The row's words; gives up its sentences when they do not fit, what it is never. */
function Words({ look, mark, icon, what, rest, more = 0 }: RowProps) {
  const line = useRef<HTMLSpanElement>(null);
  const [step, setStep] = useState(0);
  const key = [what, ...rest, isCompact.value].join("|");
  useLayoutEffect(() => setStep(0), [key]);
  useLayoutEffect(() => {
    const element = line.current;
    const isTooLong = element !== null && element.scrollWidth > element.clientWidth + 1;
    if (isTooLong && step < FITS.length - 1) setStep(step + 1);
  }, [key, step]);
  const fit = FITS[step] ?? FITS[3];
  return (
    <button type="button" class={`words ${look}`} onClick={() => showAlarms()}>
      <Icon name={icon} class="mark" />
      {mark && <b class="mark">{mark}</b>}
      <span class={`line ${fit.look}`} ref={line}>
        <b class="what">{what}</b>
        {(fit.parts ? rest.slice(-fit.parts) : []).map((sentence) => (
          <span key={sentence} class="then">
            {sentence}
          </span>
        ))}
      </span>
      {more > 0 && (
        <span class="count" aria-label={t("alarms-count-label", { count: more })}>
          {t("alarms-count", { count: more })}
        </span>
      )}
    </button>
  );
}

function showAlarms(): void {
  if (snapshot.value) dialog.value = { kind: "alarms" };
}

function LostRow() {
  const seconds = secondsAgo(silentMs.value);
  const last = snapshot.value ? t("lost-heard", { seconds }) : t("lost-never");
  return (
    <div class="strip high" role="alert">
      <Words look="" mark="" icon="unplug" what={t("lost-what")} rest={[last, t("lost-do")]} />
    </div>
  );
}

function AudioPause({ now }: { now: Snapshot }) {
  if (now.audio_paused_ms > 0) {
    const seconds = Math.ceil(now.audio_paused_ms / 1000);
    return (
      <span class="audio">
        <Icon name="bell-off" />
        {t("audio-paused", { seconds })}
      </span>
    );
  }
  const isSilent = now.alarms.every((alarm) => alarm.is_acknowledged);
  if (isSilent || !now.me || now.control === "elsewhere" || isCompact.value) return null;
  return (
    <button type="button" class="quiet" onClick={() => void act({ t: "pause_audio" })}>
      {t("audio-pause")}
    </button>
  );
}

/** That there would be a sound, and when it was last tried. */
function soundWord({ sounder, sounder_at }: DeviceView): string {
  return sounder === "passed" && sounder_at ? t("audio-tried", { at: sounder_at }) : t("audio-on");
}

/** The strip of every screen. */
export function AlarmStrip() {
  const now = snapshot.value;
  if (stop.phase.value === "unconfirmed") {
    return (
      <div class="strip high" role="alert">
        <Words look="" mark="!!!" icon="warn" what={t("stop-unconfirmed-what")} rest={[t("stop-unconfirmed-do")]} />
      </div>
    );
  }
  if (isStale.value || !now) return <LostRow />;
  const [first] = now.alarms;
  if (!first) {
    const word = isOutdatedPage.value ? t("page-outdated") : t("alarms-none");
    return (
      <div class="strip calm">
        <button type="button" class="words" onClick={() => showAlarms()}>
          <Icon name="bell" />
          <span class="line">{word}</span>
        </button>
        <span class="audio">{soundWord(now.device)}</span>
      </div>
    );
  }
  const { what, did, advice } = alarmWords(first);
  const look = first.is_active && !first.is_acknowledged ? first.priority : `${first.priority} calmed`;
  const more = now.alarms.length - 1;
  return (
    <div class={`strip ${look}`} role="alert">
      <Words
        look={look}
        mark={MARK[first.priority]}
        icon="warn"
        what={what}
        rest={[did, advice].filter(Boolean)}
        more={more}
      />
      <AudioPause now={now} />
    </div>
  );
}
