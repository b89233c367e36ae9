// Uncertain: the count is being read back from the controller. Says what is known, what is not, and that
// nothing is guessed.
import { grouped } from "../format";
import { Button } from "../parts/buttons";
import { Icon } from "../parts/Icon";
import { Facts } from "../parts/pieces";
import { t } from "../text";
import { askEnd, keptRows } from "./paused";
import type { Screen, ScreenProps } from "./screen";

function Body({ now }: ScreenProps) {
  const session = now.visit?.session;
  if (!session) return null;
  const isLive = now.unit.link === "live";
  return (
    <div class="stopped-grid">
      <section class="card why" role="status">
        <h1>{t("uncertain-title")}</h1>
        <p class="what">{t("uncertain-what", { uncertain: grouped(session.uncertain) })}</p>
        <div class="next-step">
          <span class="k">{t("stopped-now")}</span>
          <p>{isLive ? t("uncertain-reading") : t("uncertain-waiting")}</p>
        </div>
        <p class="output">
          <Icon name={isLive ? "hourglass" : "unplug"} />
          {t("uncertain-link", { link: t(`link-${now.unit.link}`) })}
        </p>
      </section>
      <section class="card kept">
        <h2>{t("stopped-kept")}</h2>
        <Facts rows={keptRows(session)} />
        <p class="dose">{t("uncertain-dose")}</p>
      </section>
    </div>
  );
}

function Actions() {
  return (
    <>
      <p class="hint muted">{t("uncertain-hint")}</p>
      <Button icon="flag" label={t("end-session")} onPress={askEnd} />
    </>
  );
}

export const uncertain: Screen = { Body, Actions };
