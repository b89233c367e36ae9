// Paused: since when, what is kept, how the coil cools; hold to resume, or end the session. While the unit
// arms again the same screen shows its progress.
import { countdown, grouped } from "../format";
import { heatWord, offHeadWord } from "../heat";
import { isCompact } from "../panel";
import { Button, refusalOf } from "../parts/buttons";
import { HoldButton } from "../parts/HoldButton";
import { Icon } from "../parts/Icon";
import { Facts } from "../parts/pieces";
import { stopWords } from "../stopWords";
import { dialog } from "../store";
import { t, tFirst } from "../text";
import type { SessionView } from "../wire";
import { ArmingProgress, failedArming } from "./ready";
import type { Screen, ScreenProps } from "./screen";
import { CoilCard, SafetyCard } from "./treating";

/** What of the session is kept, as rows. */
export function keptRows(session: SessionView): [string, string][] {
  const rows: [string, string][] = [
    [t("kept-given"), t("n-of", { number: grouped(session.delivered), total: grouped(session.prescribed) })],
    [t("kept-rest"), grouped(session.remaining)],
    [t("kept-train"), t("n-of", { number: session.train, total: session.trains })],
  ];
  if (session.uncertain > 0) rows.push([t("kept-uncertain"), grouped(session.uncertain)]);
  return rows;
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
          {session.paused_ms !== null && (
            <b class="num since">{t("paused-since", { time: countdown(session.paused_ms) })}</b>
          )}
        </div>
        <p class="sub">{session.stop ? stopWords(session.stop).what : t("paused-kept")}</p>
        <Facts rows={keptRows(session)} />
        <Advice now={now} />
      </section>
      <CoilCard now={now} />
      {!isCompact.value && <SafetyCard now={now} />}
    </div>
  );
}

function Actions({ now }: ScreenProps) {
  if (now.phase === "resuming") return <p class="hint muted">{t("arming-hint")}</p>;
  return (
    <>
      <HoldButton body={{ t: "resume" }} label={t("hold-resume")} />
      <Button icon="flag" label={t("end-session")} onPress={askEnd} />
    </>
  );
}

export const paused: Screen = { Body, Actions };
