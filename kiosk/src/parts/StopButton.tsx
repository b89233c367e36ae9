// STOP: same corner and size in every screen, acts on pointerdown, is never disabled and never asks.
// Outlined while the machine cannot fire, filled when it can or when nobody knows.
import { snapshot, stop } from "../store";
import { t } from "../text";
import { Icon } from "./Icon";

/** The one button that works always. */
export function StopButton() {
  const phase = stop.phase.value;
  const canFire = snapshot.value?.unit.can_fire ?? true; // unknown counts as armed
  const pressed = (event: PointerEvent): void => {
    if (event.button > 0) return;
    stop.press();
  };
  const clicked = (event: MouseEvent): void => {
    if (event.detail === 0) stop.press(); // keyboard: a click without a pointer
  };
  const look = phase === "idle" && !canFire ? "quiet" : "full";
  return (
    <button
      type="button"
      class={`stop ${look} ${phase}`}
      data-stop={phase}
      onPointerDown={pressed}
      onClick={clicked}
    >
      <Icon name="stop" />
      <span class="word">{t(`stop-button-${phase}`)}</span>
    </button>
  );
}
