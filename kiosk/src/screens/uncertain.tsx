// Uncertain: pulses may have been given that are not counted. Says what is known (at least, at most), why
// it is not more, what happens next and what to do. Nothing is guessed.
import { grouped } from "../format";
import { Button } from "../parts/buttons";
import { Icon } from "../parts/Icon";
import { Facts } from "../parts/pieces";
import { TrainStrip } from "../parts/TrainStrip";
import { t } from "../text";
import type { SessionView, Snapshot } from "../wire";
import { askEnd, keptRows } from "./paused";
import type { Screen, ScreenProps } from "./screen";

interface Words {
  title: string;
  why: string;
  advice: string;
}

/** What this screen says: while the count is read, while nobody answers, and when it stays open. */
export function uncertainWords(now: Snapshot, session: SessionView): Words {
  const most = grouped(session.delivered + session.uncertain);
  if (session.unsettled) {
    return {
      title: t("unsettled-title"),
      why: t(`uncertain-${session.unsettled.reason}`),
      advice: t("unsettled-do", { most }),
    };
  }
  const isLive = now.unit.link === "live";
  return {
    title: t("uncertain-title"),
    why: t("uncertain-what"),
    advice: isLive ? t("uncertain-reading") : t("uncertain-waiting"),
  };
}

function Body({ now }: ScreenProps) {
  const session = now.visit?.session;
  if (!session) return null;
  const { title, why, advice } = uncertainWords(now, session);
  const isLive = now.unit.link === "live";
  return (
    <div class="stopped-grid">
      <section class="card why" role="status">
        <h1>{title}</h1>
        <p class="what">{why}</p>
        <div class="next-step">
          <span class="k">{t("stopped-now")}</span>
          <p>{advice}</p>
        </div>
        <p class="output">
          <Icon name={isLive ? "hourglass" : "unplug"} />
          {t("uncertain-link", { link: t(`link-${now.unit.link}`) })}
        </p>
      </section>
      <section class="card kept">
        <h2>{t("uncertain-known")}</h2>
        <TrainStrip session={session} />
        <Facts rows={keptRows(session)} />
        <p class="dose">{t("uncertain-dose", { most: grouped(session.delivered + session.uncertain) })}</p>
      </section>
    </div>
  );
}

function Actions({ now }: ScreenProps) {
  return (
    <>
      {!now.visit?.session.unsettled && <p class="hint muted">{t("uncertain-hint")}</p>}
      <Button icon="flag" label={t("end-session")} onPress={askEnd} />
    </>
  );
}

export const uncertain: Screen = { Body, Actions };
