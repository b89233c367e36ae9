// Treating: two clocks in a ring, the numbers, the coil's temperature, the safety checks. On small panels
// chart and checks lie behind tabs whose labels carry their news.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { celsius, countdown, grouped, part, percent } from "../format";
import { isCompact } from "../panel";
import { Act, Button } from "../parts/buttons";
import { CoilChart } from "../parts/CoilChart";
import { SafetyList, Tile } from "../parts/pieces";
import { Ring } from "../parts/Ring";
import { dialog } from "../store";
import { t } from "../text";
import type { OrderView, SessionView, Snapshot } from "../wire";
import type { Screen, ScreenProps } from "./screen";

const RISE_MIN_C = 0.3; // less is the sensor's own noise and rounding
type Tab = "numbers" | "coil" | "safety";
const tab = signal<Tab>("numbers");

function Tiles({ session, order }: { session: SessionView; order: OrderView }) {
  return (
    <div class="tiles">
      <Tile
        label={t("tile-pulses")}
        side={t("of", { whole: grouped(session.prescribed) })}
        value={grouped(session.delivered)}
      />
      <Tile
        label={t("tile-train")}
        side={t("of", { whole: grouped(session.trains) })}
        value={grouped(session.train)}
      />
      <Tile
        label={t("tile-level")}
        side={t("is-output", { output: order.level_pct_mso })}
        value={percent(order.percent_mt)}
        extra={t("of-mt")}
      />
      <Tile
        label={t("tile-left")}
        side={session.ends ? t("ends-at", { at: session.ends }) : ""}
        value={countdown(session.left_ms)}
      />
    </div>
  );
}

/** The coil's face now, its limit, and its last minutes. */
export function CoilCard({ now }: ScreenProps) {
  const { surface_c: surface, surface_limit_c: limit } = now.device;
  const { curve, peak_c: peak } = now.heat;
  const isRising = surface !== null && peak !== null && peak - surface >= RISE_MIN_C;
  return (
    <section class="card chart">
      <header>
        {t("coil-face")} <b class="num">{celsius(surface)}</b>
        <span class="r num">{t("coil-limit", { limit: celsius(limit) })}</span>
        {isRising && <span class="peak num">{t("coil-peak", { peak: celsius(peak) })}</span>}
      </header>
      <CoilChart limitC={limit} curve={curve} />
    </section>
  );
}

/** The safety checks as a column. */
export function SafetyCard({ now }: ScreenProps) {
  return (
    <section class="card safety">
      <h2>{t("safety-checks")}</h2>
      <SafetyList device={now.device} visit={now.visit} />
    </section>
  );
}

function safetyWord({ device }: Snapshot): string {
  const bad = device.interlocks.filter((interlock) => interlock.state !== "ok").length;
  return bad ? t("safety-bad", { count: bad }) : t("safety-good");
}

function Folded({ now, session, order }: ScreenProps & { session: SessionView; order: OrderView }) {
  const tabs: [Tab, string, string][] = [
    ["numbers", t("tab-numbers"), percent(Math.floor(part(session.delivered, session.prescribed) * 100))],
    ["coil", t("device-coil"), celsius(now.device.surface_c)],
    ["safety", t("tab-safety"), safetyWord(now)],
  ];
  return (
    <div class="folded">
      <nav class="subtabs">
        {tabs.map(([key, label, news]) => (
          <button
            key={key}
            type="button"
            class={tab.value === key ? "on" : ""}
            aria-current={tab.value === key ? "page" : undefined}
            onClick={() => (tab.value = key)}
          >
            <small>{label}</small>
            <b class="num">{news}</b>
          </button>
        ))}
      </nav>
      {tab.value === "numbers" && <Tiles session={session} order={order} />}
      {tab.value === "coil" && <CoilCard now={now} />}
      {tab.value === "safety" && <SafetyCard now={now} />}
    </div>
  );
}

function Body({ now }: ScreenProps) {
  useEffect(() => {
    tab.value = "numbers";
  }, []);
  const { visit } = now;
  const order = visit?.order;
  if (!visit || !order) return null;
  const { session } = visit;
  return (
    <div class="treating-grid">
      <Ring session={session} />
      {isCompact.value ? (
        <Folded now={now} session={session} order={order} />
      ) : (
        <>
          <div class="middle">
            <Tiles session={session} order={order} />
            <CoilCard now={now} />
          </div>
          <SafetyCard now={now} />
        </>
      )}
    </div>
  );
}

function Actions() {
  const note = (): void => {
    dialog.value = { kind: "note" };
  };
  return (
    <>
      <Act body={{ t: "pause" }} icon="pause" label={t("pause")} look="soft" />
      <Button icon="note" label={t("note")} onPress={note} />
    </>
  );
}

export const treating: Screen = { Body, Actions };
