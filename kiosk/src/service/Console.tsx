// The frame of the console: log-in, the list at the left, the open session beside it.
import { signal } from "@preact/signals";
import { t } from "../text";
import { Session } from "./Session";
import { isIn, list, type Listed, logIn, logOut, open, openName, problem, refresh, stopped } from "./store";

const userId = signal("");
const pin = signal("");

function Problem() {
  const text = problem.value;
  if (!text) return null;
  return (
    <p class="problem" role="alert">
      {text === "offline" ? t("service-offline") : text}
    </p>
  );
}

function LogIn() {
  const send = (event: Event): void => {
    event.preventDefault();
    const given = pin.value;
    pin.value = "";
    void logIn(userId.value.trim(), given);
  };
  return (
    <main class="login">
      <form onSubmit={send}>
        <h1>{t("service-title")}</h1>
        <p class="muted">{t("service-engineers")}</p>
        <label>
          {t("service-user")}
          <input
            name="user"
            autocomplete="username"
            value={userId.value}
            onInput={(event) => (userId.value = event.currentTarget.value)}
          />
        </label>
        <label>
          {t("service-pin")}
          <input
            name="pin"
            type="password"
            inputMode="numeric"
            autocomplete="current-password"
            value={pin.value}
            onInput={(event) => (pin.value = event.currentTarget.value)}
          />
        </label>
        <Problem />
        <button type="submit" class="act primary">
          {t("service-log-in")}
        </button>
      </form>
    </main>
  );
}

const WHEN = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

function when(iso: string | undefined): string {
  const at = Date.parse(iso ?? "");
  return Number.isNaN(at) ? "–" : WHEN.format(at);
}

function Item({ session }: { session: Listed }) {
  const { header } = session;
  const isOpen = openName.value === session.name;
  const why = session.stops.length > 0 ? ` (${session.stops.join(", ")})` : "";
  return (
    <li>
      <button
        type="button"
        class={`item ${isOpen ? "open" : ""}`}
        aria-current={isOpen ? "true" : undefined}
        onClick={() => void open(session.name)}
      >
        <b class="num">{when(header.began_utc)}</b>
        <span>{header.protocol ?? session.session_id.slice(0, 8)}</span>
        <span class={`outcome ${session.outcome || "open"}`}>
          {t(`service-outcome-${session.outcome}`)}
          {why}
        </span>
        {session.measured !== null && (
          <small class="num">
            {t("service-of", { given: session.measured, prescribed: header.prescribed ?? 0 })}
          </small>
        )}
        {!session.has_recording && <small>{t("service-no-recording")}</small>}
      </button>
    </li>
  );
}

function Sessions() {
  return (
    <nav class="sessions" aria-label={t("service-sessions")}>
      <div class="row">
        <h2>{t("service-sessions")}</h2>
        <button type="button" class="act" onClick={() => void refresh()}>
          {t("service-refresh")}
        </button>
      </div>
      {stopped.value && <p class="problem">{t("service-not-recording", { why: stopped.value })}</p>}
      {list.value.length === 0 && <p class="muted">{t("service-none")}</p>}
      <ul>
        {list.value.map((session) => (
          <Item key={session.name} session={session} />
        ))}
      </ul>
    </nav>
  );
}

export function Console() {
  if (isIn.value === null) return null;
  if (!isIn.value) return <LogIn />;
  const isSimulated = list.value.some((session) => session.header.is_simulated);
  return (
    <div class="console">
      <header class="top">
        <h1>{t("service-title")}</h1>
        {isSimulated && <span class="simulated">{t("service-unit-simulated")}</span>}
        <Problem />
        <button type="button" class="act" onClick={() => void logOut()}>
          {t("service-log-out")}
        </button>
      </header>
      <Sessions />
      <Session />
    </div>
  );
}
