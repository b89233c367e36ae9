// A question or list laid over the main region, never over the alarm strip or the foot. Escape closes
// it: closing changes nothing on the machine.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { dialog } from "../store";
import { t } from "../text";
import { Button } from "./buttons";

interface PanelProps {
  title: string;
  children: ComponentChildren;
  actions?: ComponentChildren;
  hasFoot?: boolean;
}

/** Closes whatever is open on this screen. */
export function closePanel(): void {
  dialog.value = null;
}

/** One panel over the main region. */
export function Panel({ title, children, actions, hasFoot = true }: PanelProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.focus();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") closePanel();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <div class="scrim">
      <div class="panel" role="dialog" aria-label={title} tabIndex={-1} ref={box}>
        <div class="panel-body">{children}</div>
        {hasFoot && (
          <div class="panel-foot">
            <Button label={t("panel-close")} onPress={closePanel} />
            {actions}
          </div>
        )}
      </div>
    </div>
  );
}
