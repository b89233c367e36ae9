// Small pieces that several screens show: number tiles, facts in rows, lists of machine checks, the
// course strip. They draw what they are given and ask for nothing.
import { percent } from "../format";
import { t, tFirst } from "../text";
import type { CheckView, DeviceView, InterlockView, VisitView } from "../wire";
import { Icon, type IconName } from "./Icon";

interface TileProps {
  label: string;
  side: string;
  value: string;
  extra?: string;
}

/** A number, large; its name and its whole small above it. */
export function Tile({ label, side, value, extra }: TileProps) {
  return (
    <div class="tile">
      <div class="k">
        <span>{label}</span>
        <span>{side}</span>
      </div>
      <div class="v num">
        {value}
        {extra && <small>{extra}</small>}
      </div>
    </div>
  );
}

/** Name and value pairs in rows. */
export function Facts({ rows }: { rows: readonly (readonly [string, string])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class={/^\d/.test(value) ? "num" : ""}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const ICON_OF: Record<string, IconName> = {
  ok: "ok",
  released: "ok",
  open: "no",
  red: "no",
  disagree: "no",
  unknown: "unknown",
};

interface LineProps {
  name: string;
  state: string;
  word: string;
}

/** One line of a list of checks: sign, name, word. */
export function CheckLine({ name, state, word }: LineProps) {
  const look = state === "ok" || state === "released" ? "good" : state === "unknown" ? "open" : "bad";
  return (
    <li class={look}>
      <Icon name={ICON_OF[state] ?? "unknown"} />
      <span class="name">{name}</span>
      <span class="s">{word}</span>
    </li>
  );
}

function Interlock({ name, state }: InterlockView) {
  const word = tFirst([`interlock-${name}-${state}`], t(`interlock-is-${state}`));
  return <CheckLine name={t(`interlock-${name}`)} state={state} word={word} />;
}

/** The foot or hand switch, where there is one; let go it is no fault, only not ready to start. */
function Attendance({ device }: { device: DeviceView }) {
  if (device.attend === "not_fitted") return null;
  const isHeld = device.attend === "held";
  const word = device.attend === "unknown" ? t("interlock-is-unknown") : t("interlock-attend-open");
  return (
    <CheckLine
      name={t("interlock-attend")}
      state={isHeld ? "ok" : "unknown"}
      word={isHeld ? t("interlock-attend-ok") : word}
    />
  );
}

export function hasContactNotes(device: DeviceView): boolean {
  return device.attend !== "not_fitted" || device.to_prove.length > 0;
}

/** What a person should know or do about the contacts before treatment; nothing here blocks it. */
export function ContactNotes({ device }: { device: DeviceView }) {
  const [first, ...more] = device.to_prove;
  return (
    <div class="notes">
      {device.attend !== "not_fitted" && <p>{t("attend-help")}</p>}
      {first && <p>{t("prove-contact", { input: first, name: t(`interlock-${first}`), more: more.length })}</p>}
    </div>
  );
}

/** The interlocks as the unit reports them, the charge and the ear plugs. */
export function SafetyList({ device, visit }: { device: DeviceView; visit: VisitView | null }) {
  const plugs = visit?.checks.find((check) => check.key === "earplugs");
  return (
    <ul class="checklist">
      {device.interlocks.map((interlock) => (
        <Interlock key={interlock.name} {...interlock} />
      ))}
      <Attendance device={device} />
      <CheckLine
        name={t("charge")}
        state={device.bank_pct === null ? "unknown" : "ok"}
        word={percent(device.bank_pct)}
      />
      {plugs && <CheckLine name={t("ear-plugs")} state={plugs.state} word={t(`check-is-${plugs.state}`)} />}
    </ul>
  );
}

/** Only the interlocks that are not good; one good line when all are. */
export function OpenInterlocks({ device }: { device: DeviceView }) {
  const bad = device.interlocks.filter(({ state }) => state !== "ok");
  return (
    <ul class="checklist few">
      {bad.map((interlock) => (
        <Interlock key={interlock.name} {...interlock} />
      ))}
      {bad.length === 0 && <CheckLine name={t("safety-closed")} state="ok" word="" />}
    </ul>
  );
}

/** The checks that the machine makes by itself; folded, the good ones are one line. */
export function MachineChecks({ checks, isFolded }: { checks: readonly CheckView[]; isFolded: boolean }) {
  const machine = checks.filter((check) => check.kind === "machine");
  const good = machine.filter((check) => check.state === "ok");
  return (
    <ul class="checklist">
      {isFolded && good.length > 0 && (
        <CheckLine name={t("machine-good", { count: good.length })} state="ok" word="" />
      )}
      {machine
        .filter((check) => !isFolded || check.state !== "ok")
        .map(({ key, state }) => (
          <CheckLine
            key={key}
            name={t(`check-${key}`)}
            state={state === "open" ? "unknown" : state}
            word={state === "ok" ? "" : t(`machine-is-${state}`)}
          />
        ))}
    </ul>
  );
}

/** One cell a session: done, today's, to come. */
export function CourseStrip({ number, total }: { number: number; total: number }) {
  const stateOf = (index: number): string =>
    index + 1 < number ? "done" : index + 1 === number ? "now" : "";
  return (
    <div class="course" role="img" aria-label={t("session-of", { number, total })}>
      {Array.from({ length: total }, (_, index) => (
        <i key={index} class={stateOf(index)} />
      ))}
    </div>
  );
}
