// The frame of every screen: top bar, alarm strip, main region, foot. Chooses the screen from the phase;
// the frame itself, STOP above all, is never rebuilt. Themes follow the work: day for lists and forms, dim
// at the chair.
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { secondsAgo } from "./format";
import { AlarmStrip } from "./parts/AlarmStrip";
import { Foot } from "./parts/Foot";
import { OpenPanel } from "./parts/panels";
import { TopBar } from "./parts/TopBar";
import { checks } from "./screens/checks";
import { Connecting } from "./screens/connecting";
import { controller } from "./screens/controller";
import { device } from "./screens/device";
import { lock } from "./screens/lock";
import { patient } from "./screens/patient";
import { paused } from "./screens/paused";
import { ready } from "./screens/ready";
import { record } from "./screens/record";
import { safetyTest } from "./screens/safety_test";
import type { Screen, ScreenProps } from "./screens/screen";
import { stopped } from "./screens/stopped";
import { today } from "./screens/today";
import { treating } from "./screens/treating";
import { uncertain } from "./screens/uncertain";
import { wrapup } from "./screens/wrapup";
import { dialog, isStale, notice, screenName, silentMs, snapshot } from "./store";
import { t } from "./text";

const SCREENS: Record<string, Screen> = {
  lock,
  today,
  device,
  controller,
  safety_test: safetyTest,
  patient,
  checks,
  ready,
  treating,
  paused,
  stopped,
  uncertain,
  wrapup,
  record,
};
const DIM: readonly string[] = ["checks", "ready", "treating", "paused", "stopped", "uncertain"];

function LostCard() {
  const now = snapshot.value;
  if (!isStale.value || !now) return null;
  return (
    <div class="lost" role="alert">
      <b>{t("lost-title")}</b>
      <span>{t("lost-heard", { seconds: secondsAgo(silentMs.value) })}</span>
      <span>{t("lost-values")}</span>
    </div>
  );
}

function Notice() {
  const shown = notice.value;
  if (!shown) return null;
  return (
    <div class={`notice ${shown.isBad ? "bad" : ""}`} role="status">
      {shown.text}
    </div>
  );
}

/** The whole page. */
export function App() {
  const name = screenName.value;
  const now = snapshot.value;
  const theme = DIM.includes(name) ? "dim" : "day";
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);
  const screen = SCREENS[name];
  const open = dialog.value;
  const Body: FunctionComponent<ScreenProps> = screen?.Body ?? Connecting;
  const Actions = screen?.Actions;
  return (
    <div class="app" data-screen={name} data-phase={now?.phase ?? ""} data-rev={now?.rev ?? 0}>
      <TopBar />
      <AlarmStrip />
      <main class={isStale.value && now ? "main stale" : "main"}>
        <div class="content" inert={open !== null}>
          {now ? <Body now={now} /> : <Connecting />}
        </div>
        {open && <OpenPanel open={open} />}
        <LostCard />
        <Notice />
      </main>
      <Foot>{now && Actions ? <Actions now={now} /> : null}</Foot>
      {now?.unit.is_simulated && <div class="hatch" aria-hidden="true" />}
    </div>
  );
}
