// A question or list laid over the main region, never over the alarm strip or the foot. Escape closes
// it: closing changes nothing on the machine. The keyboard is in it as soon as it is drawn, and back
// where it was when it has gone.
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
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
  useLayoutEffect(() => {
    const opener = document.activeElement;
    box.current?.focus();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") closePanel();
    };
    addEventListener("keydown", onKey);
    return () => {
      removeEventListener("keydown", onKey);
      if (opener instanceof HTMLElement) opener.focus();
    };
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
