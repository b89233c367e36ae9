// The bottom row: up to four actions of the screen, and STOP at the right, always. When another screen
// runs the chair, the actions give way to the offer to take it over; STOP stays.
import type { ComponentChildren } from "preact";
import { snapshot } from "../store";
import { t } from "../text";
import { Act } from "./buttons";
import { StopButton } from "./StopButton";

/** The foot of every screen. */
export function Foot({ children }: { children?: ComponentChildren }) {
  const now = snapshot.value;
  const isElsewhere = now !== null && now.me !== null && now.control === "elsewhere";
  return (
    <footer class="foot">
      <div class="actions">
        {isElsewhere ? (
          <div class="elsewhere" role="status">
            <p>{t("control-elsewhere")}</p>
            <Act body={{ t: "take_control" }} label={t("control-take")} look="primary" />
          </div>
        ) : (
          children
        )}
      </div>
      <StopButton />
    </footer>
  );
}
