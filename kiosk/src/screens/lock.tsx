// Lock: what the machine does, who may log in, a PIN. STOP and alarms work without a log-in.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { celsius } from "../format";
import { Button } from "../parts/buttons";
import { Icon } from "../parts/Icon";
import { Keypad } from "../parts/Keypad";
import { Facts } from "../parts/pieces";
import { login } from "../store";
import { keyed, t, tFirst } from "../text";
import type { Operator, Snapshot } from "../wire";
import type { Screen, ScreenProps } from "./screen";

const ROOM = 6; // cards that fit without a button for more
const PAGE_SIZE = 4;
const chosen = signal<Operator | null>(null);
const error = signal("");
const page = signal(0);

function MachineCard({ now }: ScreenProps) {
  const { device, unit } = now;
  const isBusy = now.phase !== "idle";
  const head = isBusy ? t(`phase-${now.phase}`) : t(`device-${device.ready}`);
  const isGood = !isBusy && device.ready === "ready";
  const rows: [string, string][] = [
    [t("device-link"), t(`link-${unit.link}`)],
    [t("device-self-test"), selfTestWord(now)],
    [t("device-coil"), celsius(device.surface_c)],
    [t("device-software"), unit.software_version],
  ];
  return (
    <section class="card dev">
      <div class={`head ${isGood ? "good" : ""}`}>
        <Icon name={isGood ? "ok" : "flag"} />
        {head}
      </div>
      {device.reasons.length > 0 ? <Reasons reasons={device.reasons} /> : <Facts rows={rows} />}
    </section>
  );
}

/** The self-test in one word, with its time when it has one. */
export function selfTestWord({ device }: Snapshot): string {
  return device.self_test_at
    ? t(`self-test-${device.self_test}-at`, { at: device.self_test_at })
    : t(`self-test-${device.self_test}`);
}

const REASONS_MAX = 4; // the worst first; more would not be read

/** Why the device is not ready, the worst first. */
export function Reasons({ reasons }: { reasons: readonly string[] }) {
  return (
    <ul class="reasons">
      {reasons.slice(0, REASONS_MAX).map((reason) => (
        <li key={reason}>{tFirst([keyed("reason", reason)], reason)}</li>
      ))}
    </ul>
  );
}

function OperatorCards({ operators }: { operators: readonly Operator[] }) {
  const size = operators.length <= ROOM ? ROOM : PAGE_SIZE;
  const pages = Math.max(1, Math.ceil(operators.length / size));
  const first = (page.value % pages) * size;
  return (
    <section class="card people">
      <h2>{t("login-who")}</h2>
      {operators.length === 0 && <p class="muted">{t("login-nobody")}</p>}
      <div class="cards">
        {operators.slice(first, first + size).map((operator) => (
          <button
            key={operator.user_id}
            type="button"
            class="person"
            onClick={() => {
              error.value = "";
              chosen.value = operator;
            }}
          >
            <Icon name="user" />
            <span>
              <b>{operator.name}</b>
              <small>{t(`role-${operator.role}`)}</small>
            </span>
          </button>
        ))}
      </div>
      {pages > 1 && <Button label={t("login-more")} onPress={() => (page.value += 1)} />}
    </section>
  );
}

function PinCard({ operator }: { operator: Operator }) {
  const done = async (pin: string): Promise<void> => {
    error.value = await login(operator.user_id, pin);
  };
  return (
    <section class="card pin">
      <Keypad
        title={operator.name}
        hint={t("pin-hint")}
        error={error.value}
        okLabel={t("pin-ok")}
        onDone={done}
      />
    </section>
  );
}

function Body({ now }: ScreenProps) {
  useEffect(() => {
    chosen.value = null;
    return () => {
      chosen.value = null;
    };
  }, []);
  return (
    <div class="lock-grid">
      <MachineCard now={now} />
      {chosen.value ? <PinCard operator={chosen.value} /> : <OperatorCards operators={now.operators} />}
    </div>
  );
}

function Actions() {
  if (chosen.value) {
    return <Button icon="left" label={t("login-other")} onPress={() => (chosen.value = null)} />;
  }
  return <p class="hint muted">{t("lock-hint")}</p>;
}

export const lock: Screen = { Body, Actions };
