// Record: what was given, signed; and how far its copy has come on the way to the clinic.
import { celsius, grouped } from "../format";
import { isCompact } from "../panel";
import { Act, Button } from "../parts/buttons";
import { Icon, type IconName } from "../parts/Icon";
import { Facts } from "../parts/pieces";
import { placeOf } from "../parts/TopBar";
import { TrainStrip } from "../parts/TrainStrip";
import { dialog } from "../store";
import { t } from "../text";
import type { SessionView, VisitView } from "../wire";
import type { Screen, ScreenProps } from "./screen";

const STEPS = ["signed", "queued", "sent"] as const;

function deliveredWord({ delivered, prescribed, uncertain }: SessionView): string {
  const of = t("n-of", { number: grouped(delivered), total: grouped(prescribed) });
  return uncertain > 0 ? `${of} ${t("wrap-uncertain", { uncertain: grouped(uncertain) })}` : of;
}

function rowsOf(visit: VisitView): [string, string][] {
  const { session, order } = visit;
  const rows: [string, string][] = [
    [t("record-delivered"), deliveredWord(session)],
    [t("record-started"), session.started || t("record-not-started")],
    [t("record-peak"), celsius(session.peak_surface_c)],
  ];
  if (order) {
    rows.unshift([t("record-place"), placeOf(order.side, order.site)]);
    rows.unshift([t("record-protocol"), order.protocol_name]);
  }
  if (!isCompact.value) rows.push([t("record-pauses"), grouped(session.pauses)]);
  return rows;
}

function Journey({ state }: { state: VisitView["record_state"] }) {
  const reached = state === "refused" ? 1 : STEPS.indexOf(state as (typeof STEPS)[number]);
  const isLast = reached === STEPS.length - 1;
  const iconOf = (index: number): IconName => {
    if (index > reached) return "open";
    return index === reached && !isLast && index > 0 ? "hourglass" : "ok";
  };
  return (
    <section class="card journey" role="status">
      <h2>{t("record-journey")}</h2>
      <ol>
        {STEPS.map((step, index) => (
          <li key={step} class={index <= reached ? "reached" : ""}>
            <Icon name={iconOf(index)} />
            <span>{t(`record-${step}`)}</span>
          </li>
        ))}
      </ol>
      <p class={state === "refused" ? "bad" : "muted"}>{t(`record-is-${state || "signed"}`)}</p>
    </section>
  );
}

function Body({ now }: ScreenProps) {
  const { visit } = now;
  if (!visit) return null;
  const { session } = visit;
  const isWhole = session.delivered === session.prescribed && session.uncertain === 0;
  return (
    <div class="record-grid">
      <section class="card">
        <div class={`head ${isWhole ? "good" : ""}`}>
          <Icon name={isWhole ? "ok" : "flag"} />
          {isWhole ? t("record-complete") : t("record-partial")}
        </div>
        <TrainStrip session={session} />
        <Facts rows={rowsOf(visit)} />
      </section>
      <Journey state={visit.record_state} />
    </div>
  );
}

function Actions() {
  const open = (): void => {
    dialog.value = { kind: "ledger" };
  };
  return (
    <>
      <Act body={{ t: "leave_visit" }} icon="calendar" label={t("back-to-today")} look="primary" />
      <Button icon="note" label={t("ledger-open")} onPress={open} />
    </>
  );
}

export const record: Screen = { Body, Actions };
