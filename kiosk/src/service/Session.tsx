// One recorded session: its head, the plots over one another, the events that follow the cursor, the scrubber.
import { useEffect, useRef } from "preact/hooks";
import { t } from "../text";
import { Lanes } from "./Lanes";
import {
  cursorMs,
  isExportAsked,
  opened,
  openName,
  scrub,
  showAll,
  showStop,
  stepEvent,
  track,
  view,
  zoom,
} from "./store";
import { dayAt, indexAt, momentAt, stopsOf, type Track, zoneAt } from "./track";
import { lineOf } from "./words";

const STEP_MS = 100; // one status of the controller
const FAST = 10;
const STOPS_MAX = 6; // buttons; the marks on the rail show all

function Head({ whole }: { whole: Track }) {
  const session = opened.value;
  const { header } = whole;
  const last = whole.samples.at(-1);
  const stops = stopsOf(whole);
  return (
    <div class="head">
      <div>
        <h2>{header.protocol}</h2>
        <p class="muted num">
          {dayAt(whole, whole.fromMs)}
          {" · "}
          {t("service-of", { given: last?.delivered ?? 0, prescribed: header.prescribed ?? 0 })}
          {header.level_pct ? ` · ${t("service-level", { level: header.level_pct })}` : ""}
        </p>
      </div>
      <div class="acts">
        <button type="button" class="act" onClick={showAll}>
          {t("service-all")}
        </button>
        {stops.length > 0 && <span class="muted">{t("service-before-stops")}</span>}
        {stops.slice(0, STOPS_MAX).map((stop, index) => (
          <button
            key={stop.atMs}
            type="button"
            class="act stop"
            aria-label={t("service-before-stop", { number: index + 1 })}
            onClick={() => showStop(stop)}
          >
            {index + 1}
          </button>
        ))}
        <button type="button" class="act" onClick={() => zoom(2)} aria-label={t("service-zoom-out")}>
          −
        </button>
        <button type="button" class="act" onClick={() => zoom(0.5)} aria-label={t("service-zoom-in")}>
          +
        </button>
        {session?.has_recording && (
          <button type="button" class="act primary" onClick={() => (isExportAsked.value = true)}>
            {t("service-export")}
          </button>
        )}
      </div>
    </div>
  );
}

const AROUND = 40; // lines before and after the cursor; more would not be read and cost time

function Events({ whole }: { whole: Track }) {
  const here = indexAt(whole.events, cursorMs.value);
  const box = useRef<HTMLOListElement>(null);
  useEffect(() => {
    const line = box.current?.querySelector<HTMLElement>("[aria-current]");
    if (line && box.current) box.current.scrollTop = line.offsetTop - box.current.clientHeight / 2;
  }, [here, whole]);
  const from = Math.max(0, here - AROUND);
  return (
    <section class="events" aria-label={t("service-events")}>
      <h2>{t("service-events")}</h2>
      <ol ref={box}>
        {whole.events.slice(from, here + AROUND).map((event, offset) => {
          const index = from + offset;
          const line = lineOf(event);
          return (
            <li key={index}>
              <button
                type="button"
                class={`event ${line.tone} ${index > here ? "later" : ""}`}
                aria-current={index === here ? "true" : undefined}
                onClick={() => scrub(event.atMs)}
              >
                <span class="num at">{momentAt(whole, event.atMs)}</span>
                <span>{line.text}</span>
              </button>
            </li>
          );
        })}
      </ol>
    </section>
  );
}

function Scrubber({ whole }: { whole: Track }) {
  const span = Math.max(1, whole.toMs - whole.fromMs);
  const slider = useRef<HTMLInputElement>(null);
  useEffect(() => slider.current?.focus(), [whole]);
  const shown = view.value;
  const percent = (atMs: number): string => `${((atMs - whole.fromMs) / span) * 100}%`;
  const width = `${((shown.toMs - shown.fromMs) / span) * 100}%`;
  const onKey = (event: KeyboardEvent): void => {
    const step = STEP_MS * (event.shiftKey ? FAST : 1);
    const to: Record<string, () => void> = {
      ArrowLeft: () => scrub(cursorMs.value - step),
      ArrowRight: () => scrub(cursorMs.value + step),
      PageUp: () => stepEvent(-1),
      PageDown: () => stepEvent(1),
      Home: () => scrub(whole.fromMs),
      End: () => scrub(whole.toMs),
    };
    const act = to[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    <div class="scrubber">
      <button type="button" class="act" onClick={() => stepEvent(-1)} aria-label={t("service-previous")}>
        ‹
      </button>
      <div class="rail">
        <div class="window" style={{ left: percent(shown.fromMs), width }} />
        {stopsOf(whole).map((stop) => (
          <div key={stop.atMs} class="mark" style={{ left: percent(stop.atMs) }} />
        ))}
        <input
          type="range"
          ref={slider}
          aria-label={t("service-time")}
          aria-valuetext={momentAt(whole, cursorMs.value)}
          min={whole.fromMs}
          max={whole.toMs}
          step={1}
          value={cursorMs.value}
          onInput={(event) => scrub(Number(event.currentTarget.value))}
          onKeyDown={onKey}
        />
      </div>
      <button type="button" class="act" onClick={() => stepEvent(1)} aria-label={t("service-next")}>
        ›
      </button>
      <output class="num">{`${momentAt(whole, cursorMs.value)} ${zoneAt(whole, cursorMs.value)}`}</output>
    </div>
  );
}

function Export() {
  const session = opened.value;
  const box = useRef<HTMLDialogElement>(null);
  const isAsked = isExportAsked.value;
  useEffect(() => {
    if (isAsked) box.current?.showModal();
    else box.current?.close();
  }, [isAsked]);
  if (!session) return null;
  const close = (): void => void (isExportAsked.value = false);
  return (
    <dialog ref={box} onClose={close} aria-labelledby="export-title">
      <h2 id="export-title">{t("service-export-title")}</h2>
      <p>{t("service-export-what")}</p>
      <p>
        <b>{t("service-export-personal")}</b>
      </p>
      <div class="acts">
        <button type="button" class="act" onClick={close}>
          {t("service-cancel")}
        </button>
        <a
          class="act primary"
          href={`/api/console/sessions/${encodeURIComponent(session.name)}/export`}
          download
          onClick={close}
        >
          {t("service-export-go")}
        </a>
      </div>
    </dialog>
  );
}

export function Session() {
  const whole = track.value;
  if (!whole) {
    return <main class="session empty muted">{t(openName.value ? "service-loading" : "service-choose")}</main>;
  }
  return (
    <main class="session">
      <Head whole={whole} />
      <Lanes whole={whole} />
      <Events whole={whole} />
      <Scrubber whole={whole} />
      <Export />
    </main>
  );
}
