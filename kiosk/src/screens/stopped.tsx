// Stopped: what stopped it in one sentence with value and limit, whether the dose so far counts, what to
// do now, what is delivered and what remains. "Safe" is said only when the machine's report says so.
import { clockOf, grouped } from "../format";
import { Act, Button } from "../parts/buttons";
import { Icon } from "../parts/Icon";
import { Facts, OpenInterlocks } from "../parts/pieces";
import { TrainStrip } from "../parts/TrainStrip";
import { isOutputOff } from "../stop";
import { stopWords } from "../stopWords";
import { dialog } from "../store";
import { t } from "../text";
import type { SessionView, Snapshot, StopView } from "../wire";
import { askEnd, keptRows, Offer, Wait } from "./paused";
import type { Screen, ScreenProps } from "./screen";

function timeOf(at: string): string {
  return at.includes("T") ? clockOf(at) : at;
}

function OutputLine({ now }: { now: Snapshot }) {
  const isOff = isOutputOff(now);
  return (
    <p class={`output ${isOff ? "good" : "bad"}`}>
      <Icon name={isOff ? "ok" : "warn"} />
      {isOff ? t("output-off") : t("output-unknown")}
    </p>
  );
}

function doseWord(stop: StopView, session: SessionView): string {
  const delivered = grouped(session.delivered);
  if (session.uncertain > 0) return t("dose-uncertain", { uncertain: grouped(session.uncertain) });
  return stop.dose_counts ? t("dose-counts", { delivered }) : t("dose-doubtful", { delivered });
}

function WhyCard({ now, stop, session }: ScreenProps & { stop: StopView; session: SessionView }) {
  const { what, advice, time } = stopWords(stop);
  return (
    <section class="card why" role="status">
      <div class="title-row">
        <h1>{t("stopped-title")}</h1>
        <b class="num since">{t("stopped-at", { at: timeOf(stop.at), train: session.train })}</b>
      </div>
      <p class="what">{what}</p>
      <div class="next-step">
        <span class="k">{t("stopped-now")}</span>
        <p>
          {advice} {time}
        </p>
      </div>
      <Offer session={session} />
      <OutputLine now={now} />
    </section>
  );
}

function Body({ now }: ScreenProps) {
  const session = now.visit?.session;
  if (!session) return null;
  const { stop } = session;
  if (!stop) return null;
  return (
    <div class="stopped-grid">
      <WhyCard now={now} stop={stop} session={session} />
      <section class="card kept">
        <h2>{t("stopped-kept")}</h2>
        <TrainStrip session={session} />
        <Facts rows={keptRows(session)} />
        <Wait session={session} />
        <p class="dose">{doseWord(stop, session)}</p>
        <div class="contacts">
          <OpenInterlocks device={now.device} />
        </div>
      </section>
    </div>
  );
}

function Actions() {
  const note = (): void => {
    dialog.value = { kind: "note" };
  };
  return (
    <>
      <Act body={{ t: "acknowledge" }} icon="recheck" label={t("recheck")} look="soft" />
      <Button icon="note" label={t("note")} onPress={note} />
      <Button icon="flag" label={t("end-session")} onPress={askEnd} />
    </>
  );
}

export const stopped: Screen = { Body, Actions };
