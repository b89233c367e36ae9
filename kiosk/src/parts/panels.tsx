// The questions and lists that lie over the main region: alarms, release, end of session, note, sign.
import { useState } from "preact/hooks";
import { isCompact } from "../panel";
import { noteText, pain } from "../screens/wrapup";
import { act, type Dialog, snapshot } from "../store";
import { t } from "../text";
import type { EndSession, Snapshot } from "../wire";
import { alarmFacts, alarmWords, MARK } from "./AlarmStrip";
import { Act, Button, Chips } from "./buttons";
import { Keypad } from "./Keypad";
import { LedgerPanel } from "./LedgerPanel";
import { closePanel, Panel } from "./Panel";
import { CheckReleasePanel, GapReleasePanel, HeldPanel } from "./release";

const NOTES = ["comfortable", "discomfort", "headache", "twitch", "moved", "talked"] as const;
const ENDS: readonly EndSession["reason"][] = [
  "patient_wish",
  "discomfort",
  "adverse_event",
  "equipment",
  "time",
  "other",
];
const ALARMS_LARGE = 3; // a page of the list
const ALARMS_SMALL = 2;

function AlarmsPanel({ now }: { now: Snapshot }) {
  const [page, setPage] = useState(0);
  const size = isCompact.value ? ALARMS_SMALL : ALARMS_LARGE;
  const pages = Math.max(1, Math.ceil(now.alarms.length / size));
  const first = (page % pages) * size;
  const actions = (
    <>
      {pages > 1 && <Button label={t("alarms-more")} onPress={() => setPage(page + 1)} />}
      {now.me && now.alarms.length > 0 && <Act body={{ t: "pause_audio" }} label={t("audio-pause")} />}
      {now.me && now.phase === "idle" && now.alarms.length <= size && (
        <Act body={{ t: "test_alarms" }} label={t("audio-test")} />
      )}
    </>
  );
  return (
    <Panel title={t("alarms-title")} actions={actions}>
      <h2>{now.alarms.length ? t("alarms-title") : t("alarms-none")}</h2>
      {now.alarms.length === 0 && <p>{t("alarms-sounder", { state: t(`sounder-${now.device.sounder}`) })}</p>}
      <ul class="alarms">
        {now.alarms.slice(first, first + size).map((alarm) => {
          const { what, did, advice } = alarmWords(alarm);
          return (
            <li key={alarm.alarm_id} class={alarm.priority}>
              <b class="mark">{MARK[alarm.priority]}</b>
              <div>
                <b>{what}</b>
                <span class="num facts">{alarmFacts(alarm)}</span>
                <span>{[did, advice].filter(Boolean).join(" ")}</span>
              </div>
              {now.me && !alarm.is_acknowledged && (
                <Act body={{ t: "acknowledge_alarm", alarm_id: alarm.alarm_id }} label={t("alarm-understood")} />
              )}
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

function EndPanel({ now }: { now: Snapshot }) {
  const [why, setWhy] = useState<EndSession["reason"] | null>(null);
  const train = now.visit?.session.train ?? 0;
  const end = why !== null && (
    <Act body={{ t: "end_session", reason: why }} label={t("end-at-train", { train })} look="primary" />
  );
  return (
    <Panel title={t("end-title")} actions={end}>
      <h2>{t("end-title")}</h2>
      <p class="muted">{t("end-help")}</p>
      <Chips
        choices={ENDS.map((key) => ({ key, label: t(`end-reason-${key}`) }))}
        chosen={why ? [why] : []}
        onToggle={(key) => setWhy(ENDS.find((one) => one === key) ?? null)}
      />
    </Panel>
  );
}

function NotePanel() {
  const choose = async (key: string): Promise<void> => {
    if (await act({ t: "add_note", note: t(`note-${key}`) })) closePanel();
  };
  return (
    <Panel title={t("note-title")}>
      <h2>{t("note-title")}</h2>
      <p class="muted">{t("note-help")}</p>
      <Chips
        choices={NOTES.map((key) => ({ key, label: t(`note-${key}`) }))}
        chosen={[]}
        onToggle={(key) => void choose(key)}
      />
    </Panel>
  );
}

function SignPanel({ now }: { now: Snapshot }) {
  const send = async (pin: string): Promise<void> => {
    if (pain.value === null) return;
    await act({ t: "wrap_up", pain_0_10: pain.value, note: noteText(), pin });
  };
  return (
    <Panel title={t("sign-title")} hasFoot={false}>
      <Keypad
        title={now.me?.name ?? ""}
        hint={t("sign-hint")}
        error=""
        okLabel={t("sign-ok")}
        onDone={send}
        onClose={closePanel}
      />
    </Panel>
  );
}

/** Whatever a person has opened on this screen. */
export function OpenPanel({ open }: { open: Dialog }) {
  const now = snapshot.value;
  if (!now) return null;
  switch (open.kind) {
    case "alarms":
      return <AlarmsPanel now={now} />;
    case "release":
      return <CheckReleasePanel now={now} question={open.key} />;
    case "release_gap":
      return <GapReleasePanel now={now} />;
    case "held":
      return <HeldPanel now={now} />;
    case "ledger":
      return <LedgerPanel now={now} />;
    case "end":
      return <EndPanel now={now} />;
    case "note":
      return <NotePanel />;
    case "sign":
      return <SignPanel now={now} />;
  }
}
