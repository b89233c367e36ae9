// Device: what a technician may know of the machine, read only. Nothing here changes a limit.
import { celsius, grouped } from "../format";
import { Facts, SafetyList } from "../parts/pieces";
import { Tabs } from "../parts/Tabs";
import { t, tFirst } from "../text";
import { selfTestWord } from "./lock";
import { chargeWord } from "./today";
import type { Screen, ScreenProps } from "./screen";

function Body({ now }: ScreenProps) {
  const { device, unit, sync } = now;
  const coil: [string, string][] = [
    [t("device-coil-type"), tFirst([`coil-${device.coil_type}`], device.coil_type || "–")],
    [t("device-coil-serial"), device.coil_serial || "–"],
    [t("device-coil-pulses"), grouped(device.lifetime_pulses)],
    [t("device-coil-face"), celsius(device.surface_c)],
    [t("device-coil-winding"), celsius(device.winding_c)],
    [t("device-coil-limit"), celsius(device.surface_limit_c)],
  ];
  const machine: [string, string][] = [
    [t("device-unit"), unit.unit_id],
    [t("device-link"), t(`link-${unit.link}`)],
    [t("device-self-test"), selfTestWord(now)],
    [t("charge"), chargeWord(now)],
    [t("device-versions"), `${unit.software_version} / ${unit.firmware_version || "–"}`],
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
        <Facts rows={machine} />
      </section>
      <section class="card">
        <h2>{t("safety-checks")}</h2>
        <SafetyList device={device} visit={null} />
      </section>
    </div>
  );
}

export const device: Screen = { Body, Actions: () => <Tabs /> };
