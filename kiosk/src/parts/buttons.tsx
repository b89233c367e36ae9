// Buttons that ask for something. All act on click, so that a finger can slide off; none is STOP.
// A button whose command the service would refuse now stays where it is, looks quiet, and says why.
import type { ComponentChildren } from "preact";
import type { CommandBody } from "../link";
import { act, busy, isStale, say, snapshot } from "../store";
import { tFirst } from "../text";
import { Icon, type IconName } from "./Icon";

interface ButtonProps {
  label: string;
  icon?: IconName;
  look?: "plain" | "primary" | "soft";
  isOff?: boolean;
  onPress: () => void;
  children?: ComponentChildren;
}

/** A plain button with a word. */
export function Button({ label, icon, look = "plain", isOff = false, onPress, children }: ButtonProps) {
  return (
    <button type="button" class={`btn ${look}`} aria-disabled={isOff} onClick={onPress}>
      {icon && <Icon name={icon} />}
      <span class="word">{label}</span>
      {children}
    </button>
  );
}

/** Why the service would refuse this command now; empty when it would not. */
export function refusalOf(kind: CommandBody["t"]): string {
  const now = snapshot.value;
  const code = now?.refusals[kind];
  return code ? tFirst([`refusal-${code}`], code, { reason: now?.device.reasons[0] ?? "" }) : "";
}

interface ActProps {
  body: CommandBody;
  label: string;
  icon?: IconName;
  look?: "plain" | "primary" | "soft";
  onDone?: () => void;
}

/** A button that sends one command. */
export function Act({ body, label, icon, look = "plain", onDone }: ActProps) {
  const why = refusalOf(body.t);
  const press = async (): Promise<void> => {
    if (why) say(why, true);
    else if (await act(body)) onDone?.();
  };
  const isOff = why !== "" || isStale.value || busy.value === body.t;
  return (
    <Button
      label={label}
      {...(icon ? { icon } : {})}
      look={look}
      isOff={isOff}
      onPress={() => void press()}
    />
  );
}

interface ChipsProps {
  choices: readonly { key: string; label: string }[];
  chosen: readonly string[];
  onToggle: (key: string) => void;
}

/** Words to choose from, one touch each. */
export function Chips({ choices, chosen, onToggle }: ChipsProps) {
  return (
    <div class="chips">
      {choices.map(({ key, label }) => (
        <button
          key={key}
          type="button"
          class="chip"
          aria-pressed={chosen.includes(key)}
          onClick={() => onToggle(key)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}
