// Controller: what times the pulses, which firmware runs it, what its own test found, and what was
// wrong on the line to it. Read only, for whoever is asked "what does it say there?" on the phone.
import { grouped, measured } from "../format";
import { Facts } from "../parts/pieces";
import { Tabs } from "../parts/Tabs";
import { t } from "../text";
import type { ControllerView } from "../wire";
import { selfTestWord } from "./lock";
import type { Screen, ScreenProps } from "./screen";

type Row = [string, string];
const UNKNOWN = "–";

function count(value: number | null): string {
  return value === null ? UNKNOWN : grouped(value);
}

/** What the board's own test found wrong, in words. */
function foundWords({ self_test_found }: ControllerView): string {
  if (self_test_found.length === 0) return t("controller-nothing");
  return self_test_found.map((name) => t(`self-test-found-${name}`)).join(", ");
}

function Body({ now }: ScreenProps) {
  const { controller: seen, unit } = now;
  const timing: Row[] = [
    [t("controller-timing"), seen.timing === "" ? UNKNOWN : t(`timing-${seen.timing}`)],
    [t("controller-interval"), measured(seen.ipi_ms_min, "ms")],
    [t("device-self-test"), selfTestWord(now)],
    [t("controller-found"), foundWords(seen)],
  ];
  const firmware: Row[] = [
    [t("controller-version"), unit.firmware_version || UNKNOWN],
    [t("controller-slot"), seen.slot === "" ? UNKNOWN : t(`slot-${seen.slot}`)],
    [t("controller-image"), seen.image || UNKNOWN],
    [t("controller-trial"), seen.slot === "" ? UNKNOWN : t(seen.is_trial ? "yes" : "no")],
  ];
  const line: Row[] = [
    [t("device-link"), t(`link-${unit.link}`)],
    [t("controller-bad-here"), count(seen.bad_frames)],
    [t("controller-bad-there"), count(seen.bad_frames_mcu)],
    [t("controller-refused"), count(seen.refused)],
    [t("controller-forged"), count(seen.forged)],
  ];
  return (
    <div class="thirds">
      <section class="card">
        <h2>{t("controller-title-timing")}</h2>
        <Facts rows={timing} />
      </section>
      <section class="card">
        <h2>{t("controller-title-firmware")}</h2>
        <Facts rows={firmware} />
      </section>
      <section class="card">
        <h2>{t("controller-title-line")}</h2>
        {/* Without a usable controller only our own count is known: room for the reason. */}
        <Facts rows={unit.link === "live" ? line : line.slice(0, 2)} />
        {unit.link !== "live" && unit.link_detail && <p class="hint">{unit.link_detail}</p>}
      </section>
    </div>
  );
}

export const controller: Screen = { Body, Actions: () => <Tabs /> };
