// Paused: what was given, what resuming gives, how long it may wait, how the coil cools; hold to resume,
// have a clinician release the gap, or end the session. While the unit arms again the same screen shows
// its progress.
import { grouped } from "../format";
import { heatWord, offHeadWord } from "../heat";
import { isCompact } from "../panel";
import { Button, refusalOf } from "../parts/buttons";
import { HoldButton } from "../parts/HoldButton";
import { Icon } from "../parts/Icon";
import { TrainStrip } from "../parts/TrainStrip";
import { offerWord, waitWord } from "../rest";
import { stopWords } from "../stopWords";
import { dialog } from "../store";
import { t, tFirst } from "../text";
import type { SessionView, Snapshot } from "../wire";
import { ArmingProgress, failedArming } from "./ready";
import type { Screen, ScreenProps } from "./screen";
import { CoilCard, SafetyCard } from "./treating";

function givenWord({ delivered, prescribed }: SessionView): string {
  return t("n-of", { number: grouped(delivered), total: grouped(prescribed) });
}

/** What of the session is kept, as rows. */
export function keptRows(session: SessionView): [string, string][] {
  const { delivered, uncertain, prescribed } = session;
  if (uncertain > 0) {
    return [
      [t("kept-least"), grouped(delivered)],
      [t("kept-most"), t("n-of", { number: grouped(delivered + uncertain), total: grouped(prescribed) })],
      [t("kept-rest"), grouped(session.remaining)],
    ];
  }
  return [[t("kept-given"), givenWord(session)]];
}

/** What a resumption would give. */
export function Offer({ session }: { session: SessionView }) {
  return session.rest && <p class="offer">{offerWord(session, session.rest)}</p>;
}

/** How long it may wait. */
export function Wait({ session }: { session: SessionView }) {
  const word = session.rest ? waitWord(session.rest) : "";
  return word ? <p class="num wait">{word}</p> : null;
}

// Refusals that a clinician's word lifts (edge/domain/resume.py RELEASABLE).
const RELEASABLE = ["pause_too_long", "gap_unknown"];

/** Whether only a clinician's release stands between the patient and the rest. */
export function waitsForClinician(refusals: Snapshot["refusals"]): boolean {
  return RELEASABLE.includes(refusals["resume"] ?? "");
}

/** Opens the question how the session ends. */
export function askEnd(): void {
  dialog.value = { kind: "end" };
}

function Advice({ now }: ScreenProps) {
  if (now.phase === "resuming") return <ArmingProgress now={now} />;
  const failed = failedArming(now);
  const why = offHeadWord(now.heat) || heatWord(now.heat) || refusalOf("resume");
  if (why || failed) {
    return (
      <p class="state failed" role="status">
        <Icon name="warn" />
        <span>{why || tFirst(["log-arm_failed"], t("arm-failed"), failed?.args)}</span>
      </p>
    );
  }
  return (
    <p class="state">
      <Icon name="ok" />
      <span>{t("paused-do")}</span>
    </p>
  );
}

function Body({ now }: ScreenProps) {
  const { visit } = now;
  if (!visit) return null;
  const { session } = visit;
  return (
    <div class="paused-grid">
      <section class="card kept">
        <div class="title-row">
          <h1>{now.phase === "resuming" ? t("resuming-title") : t("paused-title")}</h1>
          {now.phase === "paused" && <b class="num since">{givenWord(session)}</b>}
        </div>
        {session.stop && <p class="sub">{stopWords(session.stop).what}</p>}
        <TrainStrip session={session} />
        <Offer session={session} />
        <Wait session={session} />
        <Advice now={now} />
      </section>
      <CoilCard now={now} />
      {!isCompact.value && <SafetyCard now={now} />}
    </div>
  );
}

function Actions({ now }: ScreenProps) {
  if (now.phase === "resuming") return <p class="hint muted">{t("arming-hint")}</p>;
  const release = (): void => {
    dialog.value = { kind: "release_gap" };
  };
  return (
    <>
      {waitsForClinician(now.refusals) ? (
        <Button icon="shield" label={t("release-open")} onPress={release} />
      ) : (
        <HoldButton body={{ t: "resume" }} label={t("hold-resume")} />
      )}
      <Button icon="flag" label={t("end-session")} onPress={askEnd} />
    </>
  );
}

export const paused: Screen = { Body, Actions };
