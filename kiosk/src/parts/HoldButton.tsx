// A button that must be held for 1.2 s while a ring fills; letting go, sliding off or losing the touch
// cancels. Used where pulses begin.
import { useEffect, useMemo, useState } from "preact/hooks";
import { HOLD_MS, HoldTimer } from "../hold";
import type { CommandBody } from "../link";
import { act, isStale, say } from "../store";
import { t } from "../text";
import { refusalOf } from "./buttons";

interface HoldProps {
  body: CommandBody;
  label: string;
}

function isInside(event: PointerEvent, element: Element): boolean {
  const box = element.getBoundingClientRect();
  const isAcross = event.clientX >= box.left && event.clientX <= box.right;
  return isAcross && event.clientY >= box.top && event.clientY <= box.bottom;
}

/** Hold to send one command. */
export function HoldButton({ body, label }: HoldProps) {
  const [isHeld, setHeld] = useState(false);
  const timer = useMemo(() => new HoldTimer(setHeld, () => void act(body)), [body.t]);
  useEffect(() => {
    const cancel = (): void => timer.cancel();
    addEventListener("blur", cancel);
    return () => {
      removeEventListener("blur", cancel);
      timer.cancel(); // the screen changed under the finger
    };
  }, [timer]);
  const why = refusalOf(body.t);
  const isOff = why !== "" || isStale.value;
  const begin = (): void => {
    if (why) say(why, true);
    else if (!isStale.value) timer.begin();
  };
  const down = (event: PointerEvent): void => {
    if (event.button > 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    begin();
  };
  const move = (event: PointerEvent): void => {
    if (!isInside(event, event.currentTarget as Element)) timer.cancel();
  };
  const isKey = (event: KeyboardEvent): boolean => event.key === " " || event.key === "Enter";
  return (
    <button
      type="button"
      class={`btn primary hold ${isHeld ? "held" : ""}`}
      aria-disabled={isOff}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={() => timer.cancel()}
      onPointerCancel={() => timer.cancel()}
      onLostPointerCapture={() => timer.cancel()}
      onKeyDown={(event) => isKey(event) && !event.repeat && begin()}
      onKeyUp={(event) => isKey(event) && timer.cancel()}
      onBlur={() => timer.cancel()}
    >
      <svg class="fill" viewBox="0 0 48 48" aria-hidden="true">
        <circle class="track" cx="24" cy="24" r="20" pathLength="100" />
        <circle
          class="arc"
          cx="24"
          cy="24"
          r="20"
          pathLength="100"
          style={{ animationDuration: `${HOLD_MS}ms` }}
        />
      </svg>
      <span class="word">{isHeld ? t("hold-keep") : label}</span>
    </button>
  );
}
