// Device: what a technician may know of the machine, read only. Nothing here changes a limit.
import { celsius, grouped } from "../format";
import { isCompact } from "../panel";
import { Act, Button, refusalOf } from "../parts/buttons";
import { Facts, SafetyList } from "../parts/pieces";
import { Tabs } from "../parts/Tabs";
import { dialog } from "../store";
import { t, tFirst } from "../text";
import type { DeviceView } from "../wire";
import { selfTestWord } from "./lock";
import { chargeWord } from "./today";
import { untilWord } from "./safety_test";
import type { Screen, ScreenProps } from "./screen";

// Small panels have no room for what other screens show as well.
const KEPT = ["device-self-test", "safety-test", "charge"];

/** The contact face by the controller's sensor and by the service's own. */
function bothFaces({ surface_c, surface_own_c }: DeviceView): string {
  return `${surface_c === null ? "–" : surface_c.toFixed(1)}/${celsius(surface_own_c)}`;
}

/** The safety test at any time; the engineer's opens the cover as well. */
function TestButton({ now }: ScreenProps) {
  const isEngineer = now.me?.role === "engineer";
  return (
    <div class="machine-act">
      {isEngineer ? (
        <Act body={{ t: "start_full_safety_test" }} label={t("safety-start-full")} />
      ) : (
        <Act body={{ t: "start_safety_test" }} label={t("safety-start")} />
      )}
    </div>
  );
}

/** Sessions that nobody can account for, in place of the contacts: somebody has to decide first. */
function HeldCard({ now }: ScreenProps) {
  const waiting = now.device.held.filter((held) => !held.is_decided);
  const first = waiting[0] ?? now.device.held[0];
  if (!first) return null;
  const decide = (): void => {
    dialog.value = { kind: "held" };
  };
  return (
    <section class="card held" role="status">
      <h2>{t("held-title")}</h2>
      <p>
        <b>
          {first.why === "unknown"
            ? t("held-line-unknown", { session: first.session, pulses: grouped(first.pulses) })
            : t("held-line", { session: first.session, opened: first.opened.replace("T", " ") })}
        </b>{" "}
        {first.is_decided ? t("held-is-decided") : t(`held-${first.why}`)}
      </p>
      {!isCompact.value && <p class="muted">{t("held-kept")}</p>}
      {waiting.length > 0 && (
        <div class="machine-act">
          <Button icon="shield" label={t("held-decide")} isOff={refusalOf("decide_held") !== ""} onPress={decide} />
        </div>
      )}
    </section>
  );
}

function Body({ now }: ScreenProps) {
  const { device, unit, sync } = now;
  const coil: [string, string][] = [
    [t("device-coil-type"), tFirst([`coil-${device.coil_type}`], device.coil_type || "–")],
    [t("device-coil-serial"), device.coil_serial || "–"],
    [t("device-coil-pulses"), grouped(device.lifetime_pulses)],
    [t("device-coil-face"), bothFaces(device)],
    [t("device-coil-winding"), celsius(device.winding_c)],
    [t("device-coil-limit"), celsius(device.surface_limit_c)],
  ];
  const machine: [string, string][] = [
    [t("device-link"), t(`link-${unit.link}`)],
    [t("device-self-test"), selfTestWord(now)],
    [t("safety-test"), untilWord(now) || t("safety-not-valid")],
    [t("device-sounder"), t(`sounder-${device.sounder}`)],
    [t("charge"), chargeWord(now)],
    [t("device-clinic"), t(`clinic-${sync.clinic}`)],
  ];
  return (
    <div class="thirds">
      <section class="card">
        <h2>{t("device-title-coil")}</h2>
        <Facts rows={coil} />
      </section>
      <section class="card">
        <h2>{t("device-title-machine")}</h2>
        <Facts rows={isCompact.value ? machine.filter(([name]) => KEPT.some((key) => t(key) === name)) : machine} />
        <TestButton now={now} />
      </section>
      {device.held.length > 0 ? (
        <HeldCard now={now} />
      ) : (
        <section class="card">
          <h2>{t("safety-checks")}</h2>
          <SafetyList device={device} visit={null} />
        </section>
      )}
    </div>
  );
}

export const device: Screen = { Body, Actions: () => <Tabs /> };
