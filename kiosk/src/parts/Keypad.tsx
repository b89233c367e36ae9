// Digits for a PIN. The page's own: a system keyboard would be hidden below a full-screen browser
// (sources.md kiosk 4.2). The digits never leave this component except on OK.
import { useLayoutEffect, useState } from "preact/hooks";
import { t } from "../text";
import { LIMITS } from "../wire";
import { Button } from "./buttons";
import { Icon } from "./Icon";

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
const PIN_MIN = LIMITS.login.pin.min_length;
const PIN_MAX = LIMITS.login.pin.max_length;

interface KeypadProps {
  title: string;
  hint: string;
  error: string;
  okLabel: string;
  onDone: (pin: string) => Promise<void>;
  onClose?: () => void;
}

/** Title, dots and keys; asks for nothing else. */
export function Keypad({ title, hint, error, okLabel, onDone, onClose }: KeypadProps) {
  const [pin, setPin] = useState("");
  const [isSending, setSending] = useState(false);
  const isReady = pin.length >= PIN_MIN && !isSending;
  const add = (digit: string): void => setPin((old) => (old.length < PIN_MAX ? old + digit : old));
  const remove = (): void => setPin((old) => old.slice(0, -1));
  const finish = async (): Promise<void> => {
    if (!isReady) return;
    setSending(true);
    await onDone(pin);
    setPin("");
    setSending(false);
  };
  useLayoutEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (/^[0-9]$/.test(event.key)) add(event.key);
      else if (event.key === "Backspace") remove();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const dots = Math.max(PIN_MIN, pin.length);
  return (
    <div class="keypad">
      <div class="entry">
        <h2>{title}</h2>
        <p class={error ? "error" : "muted"} role={error ? "alert" : undefined}>
          {error || hint}
        </p>
        <div class="dots" role="img" aria-label={t("pin-digits", { count: pin.length })}>
          {Array.from({ length: dots }, (_, index) => (
            <i key={index} class={index < pin.length ? "on" : ""} />
          ))}
        </div>
        {onClose && <Button label={t("panel-close")} onPress={onClose} />}
      </div>
      <div class="keys">
        {DIGITS.map((digit) => (
          <button key={digit} type="button" class={`key d${digit}`} onClick={() => add(digit)}>
            {digit}
          </button>
        ))}
        <button type="button" class="key del" aria-label={t("pin-delete")} onClick={remove}>
          <Icon name="delete" />
        </button>
        <button type="button" class="key d0" onClick={() => add("0")}>
          0
        </button>
        <button type="button" class="key go" aria-disabled={!isReady} onClick={() => void finish()}>
          {okLabel}
        </button>
      </div>
    </div>
  );
}
