// The three places one may be in while no visit is open: the day, the device, its controller.
import { type Place, place } from "../store";
import { t } from "../text";
import { Icon, type IconName } from "./Icon";

const PLACES: readonly { key: Place; icon: IconName }[] = [
  { key: "today", icon: "calendar" },
  { key: "device", icon: "coil" },
  { key: "controller", icon: "cpu" },
];

/** Tabs of the foot on the day's screens. */
export function Tabs() {
  return (
    <nav class="tabs">
      {PLACES.map(({ key, icon }) => (
        <button
          key={key}
          type="button"
          class={`tab ${place.value === key ? "on" : ""}`}
          aria-current={place.value === key ? "page" : undefined}
          onClick={() => (place.value = key)}
        >
          <Icon name={icon} />
          {t(`tab-${key}`)}
        </button>
      ))}
    </nav>
  );
}
