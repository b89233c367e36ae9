// Today: the next patient large, the list of the day, the device, what is due. Done visits fold into one
// line; longer lists turn pages, because nothing here is swiped.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { celsius, percent } from "../format";
import { isCompact } from "../panel";
import { Act } from "../parts/buttons";
import { Icon } from "../parts/Icon";
import { Facts } from "../parts/pieces";
import { Tabs } from "../parts/Tabs";
import { act } from "../store";
import { keyed, t, tFirst } from "../text";
import type { AppointmentView, Snapshot, TodayView } from "../wire";
import { Reasons, selfTestWord } from "./lock";
import { untilWord } from "./safety_test";
import type { Screen, ScreenProps } from "./screen";

const isDoneShown = signal(false);
const page = signal(0);
const ROWS_LARGE = 5;
const ROWS_SMALL = 4;
const TO_DO_MAX = 3;

/** The rows that fit, and how many are left for the next page. */
export function pageOf<T>(items: readonly T[], rows: number, index: number): { shown: T[]; more: number } {
  if (items.length <= rows) return { shown: [...items], more: 0 };
  const each = rows - 1; // the last row turns the page
  const pages = Math.ceil(items.length / each);
  const first = (index % pages) * each;
  const shown = items.slice(first, first + each);
  return { shown, more: items.length - shown.length };
}

function NextCard({ visit }: { visit: AppointmentView }) {
  const { at, state } = visit;
  const eyebrow = state === "arrived" ? t("next-arrived", { at }) : t("next-at", { at });
  const protocol = visit.protocol_name;
  return (
    <section class="card next">
      <div class="about">
        <span class="k">{eyebrow}</span>
        <span class="name">
          {visit.initials} <small class="num">{t("number-end", { digits: visit.mrn_last4 })}</small>
        </span>
        <span class="line">
          <b>{t("session-of", { number: visit.session_number, total: visit.sessions_total })}</b>
          {`, ${t(`side-${visit.side}`).toLowerCase()}, ${protocol}, `}
          <b>{t("percent-mt", { percent: visit.percent_mt })}</b>
        </span>
      </div>
      <Act
        body={{ t: "open_visit", appointment_id: visit.appointment_id }}
        label={t("open-patient")}
        look="primary"
      />
    </section>
  );
}

/** Nobody can be treated before it: the one thing to do now. */
function SafetyDueCard({ why }: { why: string }) {
  return (
    <section class="card next">
      <div class="about">
        <span class="k">{t("safety-due-first")}</span>
        <span class="name calm">{t("safety-due")}</span>
        <span class="line">{t(`certificate-${why}`)}</span>
      </div>
      <Act body={{ t: "start_safety_test" }} icon="shield" label={t("safety-start")} look="primary" />
    </section>
  );
}

function NobodyCard({ today }: { today: TodayView }) {
  const text = today.appointments.length ? t("today-all-done") : t("today-empty");
  return (
    <section class="card next">
      <div class="about">
        <span class="name calm">{text}</span>
        <span class="line">{t("today-empty-help")}</span>
      </div>
    </section>
  );
}

function Row({ visit }: { visit: AppointmentView }) {
  const width = `${Math.min(100, (100 * (visit.session_number - 1)) / Math.max(1, visit.sessions_total))}%`;
  const [due] = visit.due;
  const open = (): void => void act({ t: "open_visit", appointment_id: visit.appointment_id });
  return (
    <button type="button" class="row" onClick={open}>
      <span class="time num">{visit.at}</span>
      <span class="pt">
        {visit.initials} <small class="num">{t("number-end", { digits: visit.mrn_last4 })}</small>
      </span>
      <span class="prog num">
        <span class="track">
          <i style={{ width }} />
        </span>
        <span>{t("n-of", { number: visit.session_number, total: visit.sessions_total })}</span>
      </span>
      <span class={`st ${due || visit.state === "problem" ? "now" : ""}`}>{statusOf(visit, due)}</span>
      <Icon name="right" class="chev" />
    </button>
  );
}

function statusOf(visit: AppointmentView, due: string | undefined): string {
  if (visit.state === "problem") return t("visit-problem");
  if (due) return tFirst([`${keyed("due", due)}-short`, keyed("due", due)], due);
  return visit.state === "booked" ? visit.protocol_name : t(`visit-${visit.state}`);
}

function DoneRow({ visits }: { visits: readonly AppointmentView[] }) {
  const names = visits.map((visit) => `${visit.at} ${visit.initials}`).slice(isCompact.value ? -2 : -4);
  return (
    <button type="button" class="row past" onClick={() => (isDoneShown.value = !isDoneShown.value)}>
      <span class="st ok">
        <Icon name="check" />
        {t("done-count", { count: visits.length })}
      </span>
      <span class="muted num names">{names.join(", ")}</span>
      <Icon name={isDoneShown.value ? "left" : "right"} class="chev" />
    </button>
  );
}

function MoreRow({ more }: { more: number }) {
  return (
    <button type="button" class="row past" onClick={() => (page.value += 1)}>
      <span class="st">{t("more-visits", { count: more })}</span>
      <span />
      <Icon name="right" class="chev" />
    </button>
  );
}

function DayList({ today, hasNext }: { today: TodayView; hasNext: boolean }) {
  const done = today.appointments.filter((visit) => visit.state === "done");
  const shownAbove = hasNext ? today.next_id : null;
  const coming = today.appointments.filter((v) => v.state !== "done" && v.appointment_id !== shownAbove);
  const rows = (isCompact.value ? ROWS_SMALL : ROWS_LARGE) - (done.length ? 1 : 0);
  const list = isDoneShown.value ? done : coming;
  const { shown, more } = pageOf(list, rows, page.value);
  return (
    <section class="card list" style={{ gridTemplateRows: `repeat(${rows + (done.length ? 1 : 0)}, 1fr)` }}>
      {done.length > 0 && <DoneRow visits={done} />}
      {shown.map((visit) => (
        <Row key={visit.appointment_id} visit={visit} />
      ))}
      {more > 0 && <MoreRow more={more} />}
      {list.length === 0 && <p class="muted none">{t("list-empty")}</p>}
    </section>
  );
}

function DeviceCard({ now }: ScreenProps) {
  const { device, sync } = now;
  const isGood = device.ready === "ready";
  const unsent = t("records-to-send", { count: sync.to_send });
  const sent = sync.to_send === 0 ? t("nothing-to-send") : unsent;
  const rows: [string, string][] = [
    [t("device-self-test"), selfTestWord(now)],
    [t("charge"), chargeWord(now)],
    [t("device-coil"), celsius(device.surface_c)],
    [t("safety-test"), untilWord(now)],
    [t("device-to-send"), sent],
  ];
  return (
    <section class="card dev">
      <div class={`head ${isGood ? "good" : ""}`}>
        <Icon name={isGood ? "ok" : "flag"} />
        {t(`device-${device.ready}`)}
      </div>
      {isGood ? <Facts rows={rows} /> : <Reasons reasons={device.reasons} />}
    </section>
  );
}

/** The charge in a word: empty and safe, or how full. */
export function chargeWord({ device, unit }: Snapshot): string {
  if (device.bank_pct === null) return t("charge-unknown");
  return unit.can_fire ? percent(device.bank_pct) : t("charge-empty");
}

interface ToDo {
  what: string;
  when: string;
}

function toDoOf(now: Snapshot): ToDo[] {
  const list: ToDo[] = [];
  if (now.sync.quarantined > 0) {
    const what = t("todo-quarantined", { count: now.sync.quarantined });
    list.push({ what, when: t("todo-quarantined-help") });
  }
  if (now.sync.clinic === "unreachable") list.push({ what: t("todo-offline"), when: t("todo-offline-help") });
  for (const visit of now.today?.appointments ?? []) {
    if (visit.state === "done") continue;
    for (const due of visit.due) {
      const text = tFirst([keyed("due", due)], due);
      list.push({ what: t("todo-due", { what: text, who: visit.initials }), when: t("before", { at: visit.at }) });
    }
  }
  return list.slice(0, TO_DO_MAX);
}

function ToDoCard({ now }: ScreenProps) {
  const list = toDoOf(now);
  return (
    <section class="card due">
      <h2>{t("todo-title")}</h2>
      {list.length === 0 && <p class="muted">{t("todo-nothing")}</p>}
      <ul>
        {list.map(({ what, when }) => (
          <li key={what}>
            <Icon name="flag" />
            <div>
              {what}
              <span>{when}</span>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Body({ now }: ScreenProps) {
  useEffect(() => {
    isDoneShown.value = false;
    page.value = 0;
  }, []);
  const { today } = now;
  if (!today) return <p class="muted">{t("today-none")}</p>;
  const next = today.appointments.find((visit) => visit.appointment_id === today.next_id);
  const { why } = now.safety_test;
  return (
    <div class="today-grid">
      {why && <SafetyDueCard why={why} />}
      {!why && (next ? <NextCard visit={next} /> : <NobodyCard today={today} />)}
      <DayList today={today} hasNext={why === ""} />
      <DeviceCard now={now} />
      {!isCompact.value && <ToDoCard now={now} />}
    </div>
  );
}

export const today: Screen = { Body, Actions: () => <Tabs /> };
