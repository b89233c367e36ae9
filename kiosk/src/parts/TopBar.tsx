// The top row: who is treated or which day it is, whether the device is simulated, who works here, time.
import { clockOf, countdown, dateOf, dayOf } from "../format";
import { act, isStale, logout, snapshot } from "../store";
import { t } from "../text";
import type { Phase, Snapshot, VisitView } from "../wire";
import { Icon } from "./Icon";

const NAME_MAX = 20; // longer protocol names stand in the main region only

/** Phases in which the operator may lock the screen: nothing is given and nothing is charged. */
const LOCKABLE: readonly Phase[] = ["idle", "patient", "checks", "ready", "wrapup", "record"];

/** "Left DLPFC" from the codes of an order. */
export function placeOf(side: string, site: string): string {
  return t("place", { side: t(`side-${side}`), site: t(`site-${site}`) });
}

function Day({ now }: { now: Snapshot }) {
  const { today } = now;
  if (!today) return <span class="who">{t("unit-name", { unit: now.unit.unit_id })}</span>;
  const count = today.appointments.length;
  const summary = t("today-summary", { count, done: today.done, to_come: today.to_come });
  return (
    <>
      <span class="who">{dayOf(today.date)}</span>
      <span class="muted wide">{summary}</span>
    </>
  );
}

/** What is given where; only at the chair, where the main region has other things to show, and only
    while "not live" does not need the room. */
function whereWord(visit: VisitView): string {
  const { order } = visit;
  if (!order) return "";
  const place = placeOf(order.side, order.site);
  const protocol = order.protocol_name;
  return protocol.length > NAME_MAX ? place : t("place-protocol", { place, protocol });
}

function Who({ visit, hasRoom }: { visit: VisitView; hasRoom: boolean }) {
  const order = visit.order;
  const isShown = visit.full_name !== null;
  return (
    <>
      <span class={`who name ${isShown ? "revealed" : ""}`}>{visit.full_name ?? visit.initials}</span>
      <span class="muted num">
        {isShown ? t("born", { date: dateOf(visit.birth_date ?? "") }) : t("number-end", { digits: visit.mrn_last4 })}
      </span>
      {!isShown && (
        <button type="button" class="eye" aria-label={t("reveal")} onClick={() => void act({ t: "reveal" })}>
          <Icon name="eye" />
        </button>
      )}
      {order && !isShown && (
        <span class="pill session">
          {t("session-of", { number: order.session_number, total: order.sessions_total })}
        </span>
      )}
      {hasRoom && !isShown && <span class="muted wide where">{whereWord(visit)}</span>}
    </>
  );
}

function LockPill({ now }: { now: Snapshot }) {
  if (!now.me || !LOCKABLE.includes(now.phase)) return null;
  const isSoon = now.lock_in_ms !== null;
  const word = isSoon ? t("lock-soon", { left: countdown(now.lock_in_ms ?? 0) }) : t("lock");
  return (
    <button type="button" class={`pill lock ${isSoon ? "soon" : ""}`} onClick={() => void logout()}>
      <Icon name="lock" />
      {word}
    </button>
  );
}

/** The top bar of every screen. */
export function TopBar() {
  const now = snapshot.value;
  if (!now) return <header class="top" />;
  const isRevealed = now.visit !== null && now.visit.full_name !== null; // ten seconds
  const isLive = !isStale.value && now.unit.link === "live";
  return (
    <header class="top">
      {now.me && now.visit && now.phase !== "idle" ? (
        <Who visit={now.visit} hasRoom={isLive && !LOCKABLE.includes(now.phase)} />
      ) : (
        <Day now={now} />
      )}
      <span class="gap" />
      {now.unit.is_simulated && <span class="pill sim">{t("simulated")}</span>}
      {now.me && now.phase !== "idle" && !isRevealed && (
        <span class={`pill wide ${isLive ? "ok" : ""}`}>
          <Icon name={isLive ? "activity" : "unplug"} />
          {isLive ? t("live") : t("not-live")}
        </span>
      )}
      {now.me && !isRevealed && now.lock_in_ms === null && (
        <span class="pill wide">
          <Icon name="user" />
          {now.me.name}
        </span>
      )}
      {!isRevealed && <LockPill now={now} />}
      <span class={`who num ${now.clock_is_trusted ? "" : "doubt"}`}>{clockOf(now.clock)}</span>
    </header>
  );
}
