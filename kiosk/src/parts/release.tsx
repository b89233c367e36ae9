// A clinician takes responsibility: who, why, PIN; one touch each before the digits. For a red answer of
// the checklist, for a session that was broken off for too long, and for one that nobody can read.
import { useState } from "preact/hooks";
import type { CommandBody } from "../link";
import { act } from "../store";
import { t } from "../text";
import type { Operator, Snapshot } from "../wire";
import { Chips } from "./buttons";
import { Keypad } from "./Keypad";
import { closePanel, Panel } from "./Panel";

const CHECK_REASONS = ["reviewed", "order_confirmed", "examined", "mild"] as const;
const HELD_REASONS = ["counted", "known", "informed"] as const;
const GAP_REASONS = ["present", "examined", "order_confirmed", "cause"] as const;

interface Signature {
  user_id: string;
  pin: string;
  reason: string;
}

interface ReleaseProps {
  now: Snapshot;
  ask: string; // what is asked when nobody is chosen yet
  reasons: readonly string[];
  body: (signed: Signature) => CommandBody;
}

interface StepProps extends Omit<ReleaseProps, "body"> {
  who: Operator | null;
  onWho: (who: Operator) => void;
  onReason: (key: string) => void;
}

function Step({ now, ask, reasons, who, onWho, onReason }: StepProps) {
  const clinicians = now.operators.filter((operator) => operator.role === "clinician");
  const people = clinicians.map(({ user_id, name }) => ({ key: user_id, label: name }));
  const choices = reasons.map((key) => ({ key, label: t(`release-reason-${key}`) }));
  const choose = (key: string): void => {
    const found = clinicians.find((one) => one.user_id === key);
    if (found) onWho(found);
  };
  return (
    <Panel title={t("release-title")}>
      <h2>{who ? t("release-why") : ask}</h2>
      {clinicians.length === 0 && <p class="muted">{t("release-nobody")}</p>}
      {who ? (
        <Chips choices={choices} chosen={[]} onToggle={onReason} />
      ) : (
        <Chips choices={people} chosen={[]} onToggle={choose} />
      )}
    </Panel>
  );
}

function ReleasePanel({ now, ask, reasons, body }: ReleaseProps) {
  const [who, setWho] = useState<Operator | null>(null);
  const [why, setWhy] = useState("");
  if (!who || !why) {
    return <Step now={now} ask={ask} reasons={reasons} who={who} onWho={setWho} onReason={setWhy} />;
  }
  const send = async (pin: string): Promise<void> => {
    const reason = t(`release-reason-${why}`);
    if (await act(body({ user_id: who.user_id, pin, reason }))) closePanel();
  };
  return (
    <Panel title={t("release-title")} hasFoot={false}>
      <Keypad
        title={who.name}
        hint={t("release-pin-hint")}
        error=""
        okLabel={t("release-ok")}
        onDone={send}
        onClose={closePanel}
      />
    </Panel>
  );
}

/** Of a red answer. */
export function CheckReleasePanel({ now, question }: { now: Snapshot; question: string }) {
  const body = (signed: Signature): CommandBody => ({ t: "release_check", key: question, ...signed });
  return <ReleasePanel now={now} ask={t("release-who")} reasons={CHECK_REASONS} body={body} />;
}

/** Of a gap that was too long, or that nobody can tell. */
export function GapReleasePanel({ now }: { now: Snapshot }) {
  const body = (signed: Signature): CommandBody => ({ t: "release_gap", ...signed });
  return <ReleasePanel now={now} ask={t("release-gap-who")} reasons={GAP_REASONS} body={body} />;
}

/** Of a stored session that nobody can read. */
export function HeldPanel({ now }: { now: Snapshot }) {
  const body = (signed: Signature): CommandBody => ({ t: "decide_held", ...signed });
  return <ReleasePanel now={now} ask={t("held-who")} reasons={HELD_REASONS} body={body} />;
}
