// Wrap-up: delivered against ordered, pain from 0 to 10, notes by one touch, then sign with the PIN again.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { grouped } from "../format";
import { offHeadWord } from "../heat";
import { Button, Chips, refusalOf } from "../parts/buttons";
import { Icon } from "../parts/Icon";
import { dialog, say } from "../store";
import { t } from "../text";
import type { HeatView, SessionView } from "../wire";
import type { Screen, ScreenProps } from "./screen";

const PAIN = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] as const;
const NOTES = ["fine", "headache", "scalp", "twitch", "tired"] as const;

export const pain = signal<number | null>(null);
const notes = signal<readonly string[]>([]);

/** The note of the record: the chosen words as sentences. */
export function noteText(): string {
  return notes.value.map((key) => t(`wrap-note-${key}`)).join(". ");
}

function toggle(key: string): void {
  const chosen = notes.value;
  notes.value = chosen.includes(key) ? chosen.filter((other) => other !== key) : [...chosen, key];
}

function Delivered({ session, heat }: { session: SessionView; heat: HeatView }) {
  const offHead = offHeadWord(heat);
  const { delivered, prescribed, uncertain } = session;
  const isWhole = delivered === prescribed && uncertain === 0;
  return (
    <section class={`card delivered ${isWhole ? "good" : ""}`}>
      <Icon name={isWhole ? "ok" : "flag"} />
      <h1>{isWhole ? t("wrap-complete") : t("wrap-partial")}</h1>
      <p class="num">
        <b>{grouped(delivered)}</b> {t("wrap-of", { prescribed: grouped(prescribed) })}
        {uncertain > 0 && ` ${t("wrap-uncertain", { uncertain: grouped(uncertain) })}`}
      </p>
      {offHead && (
        <p class="off-head" role="status">
          <Icon name="warn" />
          <b>{offHead}</b>
        </p>
      )}
    </section>
  );
}

function PainRow() {
  return (
    <div class="pain" role="group" aria-label={t("pain-title")}>
      {PAIN.map((value) => (
        <button
          key={value}
          type="button"
          class="num"
          aria-pressed={pain.value === value}
          onClick={() => (pain.value = value)}
        >
          {value}
        </button>
      ))}
    </div>
  );
}

function Body({ now }: ScreenProps) {
  useEffect(() => {
    pain.value = null;
    notes.value = [];
  }, []);
  const session = now.visit?.session;
  if (!session) return null;
  return (
    <div class="wrap-grid">
      <Delivered session={session} heat={now.heat} />
      <section class="card rate">
        <div class="title-row">
          <h2>{t("pain-title")}</h2>
          <span class="muted">{t("pain-scale")}</span>
        </div>
        <PainRow />
        <h2>{t("wrap-notes")}</h2>
        <Chips
          choices={NOTES.map((key) => ({ key, label: t(`wrap-note-${key}`) }))}
          chosen={notes.value}
          onToggle={toggle}
        />
      </section>
    </div>
  );
}

function Actions() {
  const why = refusalOf("wrap_up");
  const sign = (): void => {
    if (why) say(why, true);
    else if (pain.value === null) say(t("pain-first"));
    else dialog.value = { kind: "sign" };
  };
  return (
    <Button
      icon="check"
      label={t("sign")}
      look="primary"
      isOff={pain.value === null || why !== ""}
      onPress={sign}
    />
  );
}

export const wrapup: Screen = { Body, Actions };
