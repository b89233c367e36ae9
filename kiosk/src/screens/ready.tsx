// Ready: the four facts that decide (patient, side and site, protocol, level), large; then arm, then hold
// to start. Arming shows what the machine does. Nothing starts by a tap.
import { dateOf, grouped, lengthOf, part, percent } from "../format";
import { heatWord } from "../heat";
import { Act } from "../parts/buttons";
import { HeadPicture } from "../parts/HeadPicture";
import { HoldButton } from "../parts/HoldButton";
import { Icon } from "../parts/Icon";
import { placeOf } from "../parts/TopBar";
import { t, tFirst } from "../text";
import type { LogView, OrderView, Snapshot, VisitView } from "../wire";
import type { Screen, ScreenProps } from "./screen";

const LONG_NAME = 24; // longer names are set smaller, so that they keep to their row

function PatientFact({ visit }: { visit: VisitView }) {
  const born = visit.birth_date ? t("born", { date: dateOf(visit.birth_date) }) : "";
  return (
    <div class="fact">
      <dt>{t("fact-patient")}</dt>
      <dd>
        {visit.full_name ?? visit.initials}{" "}
        <small class="num">{born || t("number-end", { digits: visit.mrn_last4 })}</small>
      </dd>
    </div>
  );
}

function FourFacts({ visit, order }: { visit: VisitView; order: OrderView }) {
  const level = t("percent-mt", { percent: order.percent_mt });
  return (
    <dl class="four">
      <PatientFact visit={visit} />
      <div class="fact">
        <dt>{t("fact-place")}</dt>
        <dd>{placeOf(order.side, order.site)}</dd>
      </div>
      <div class="fact">
        <dt>{t("fact-protocol")}</dt>
        <dd class={order.protocol_name.length > LONG_NAME ? "long" : ""}>{order.protocol_name}</dd>
      </div>
      <div class="fact">
        <dt>{t("fact-level")}</dt>
        <dd class="num">
          {level} <small>{t("is-output", { output: order.level_pct_mso })}</small>
        </dd>
      </div>
    </dl>
  );
}

/** What the machine does between Arm and armed: words and the charge as a bar. */
export function ArmingProgress({ now }: ScreenProps) {
  const target = now.visit?.order?.level_pct_mso ?? 100; // the bank's set point follows the level
  const done = part(now.device.bank_pct ?? 0, target);
  const charge = t("arming-charge", { charge: percent(now.device.bank_pct), target: percent(target) });
  return (
    <div class="arming" role="status">
      <Icon name="hourglass" />
      <div class="words">
        <b>{t("arming-title")}</b>
        <span class="num">{charge}</span>
      </div>
      <div class="bar">
        <i style={{ width: `${Math.round(done * 100)}%` }} />
      </div>
    </div>
  );
}

/** The newest line of the story when it says that arming failed. */
export function failedArming(now: Snapshot): LogView | null {
  const last = now.visit?.session.log.at(-1);
  return last?.kind === "arm_failed" ? last : null;
}

function StateLine({ now }: ScreenProps) {
  if (now.phase === "arming") return <ArmingProgress now={now} />;
  if (now.phase === "armed") {
    return (
      <p class="state armed" role="status">
        <Icon name="zap" />
        <b>{t("armed-title")}</b> <span>{t("armed-do")}</span>
      </p>
    );
  }
  const failed = failedArming(now);
  if (failed) {
    return (
      <p class="state failed" role="status">
        <Icon name="warn" />
        <span>{tFirst(["log-arm_failed"], t("arm-failed"), failed.args)}</span>
      </p>
    );
  }
  const heat = heatWord(now.heat);
  if (heat) {
    return (
      <p class="state failed" role="status">
        <Icon name="warn" />
        <span>{heat}</span>
      </p>
    );
  }
  return (
    <p class="state">
      <Icon name="ok" />
      <span>{t("ready-title")}</span>
    </p>
  );
}

function doseWord(order: OrderView): string {
  const args = { pulses: grouped(order.pulses), trains: order.trains, length: lengthOf(order.length_s) };
  return order.trains > 1 ? t("pulses-trains-length", args) : t("pulses-length", args);
}

function Body({ now }: ScreenProps) {
  const { visit } = now;
  const order = visit?.order;
  if (!visit || !order) return null;
  const { delivered, remaining } = visit.session;
  const rest = t("resume-rest", { delivered: grouped(delivered), remaining: grouped(remaining) });
  return (
    <div class="ready-grid">
      <section class="card facts4">
        <FourFacts visit={visit} order={order} />
        <p class="sub num">{delivered > 0 ? rest : doseWord(order)}</p>
      </section>
      <section class="card picture">
        <HeadPicture side={order.side} site={order.site} />
      </section>
      <section class="card stateline">
        <StateLine now={now} />
      </section>
    </div>
  );
}

function Actions({ now }: ScreenProps) {
  if (now.phase === "arming") return <p class="hint muted">{t("arming-hint")}</p>;
  return (
    <>
      <Act body={{ t: "back" }} icon="left" label={t("back")} />
      {now.phase === "armed" ? (
        <HoldButton body={{ t: "start" }} label={t("hold-start")} />
      ) : (
        <Act body={{ t: "arm" }} icon="zap" label={t("arm")} look="primary" />
      )}
    </>
  );
}

export const ready: Screen = { Body, Actions };
