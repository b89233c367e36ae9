// The plots over one another on one axis of time: temperatures and charge drawn by uPlot, trains, phase,
// controller, line and alarms as bars. One cursor over all of them; a finger or the mouse drags it.
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { tFirst, t } from "../text";
import { Chart, type Curve, GUTTER, MARGIN } from "./Chart";
import { cursorMs, now, scrub, view, zoom } from "./store";
import { alarmsOf, type Sample, type Stretch, stretchesOf, type Track, trainsOf } from "./track";

const degrees = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : `${value.toFixed(1)} °C`;
const volts = (value: number | null | undefined): string =>
  value === null || value === undefined ? "–" : `${Math.round(value)} V`;

interface BarProps {
  label: string;
  value: string;
  children: JSX.Element[];
  tall?: boolean;
}

function Lane({ label, value, children, tall = false }: BarProps) {
  return (
    <div class={`lane ${tall ? "tall" : ""}`}>
      <div class="name">
        <span>{label}</span>
        <b>{value}</b>
      </div>
      <div class="bars">{children}</div>
    </div>
  );
}

interface Place {
  readonly css: Record<string, string>;
  readonly share: number;
}

// A word stands in its bar where it fits, or where enough of it does: the narrowest bars, wide letters.
const BARS_PX = 540;
const LETTER_PX = 7.6;
const TEXT_PX_MIN = 64;

/** Where a stretch lies in the window, in per cent; null when it is outside. */
function place(stretch: { fromMs: number; toMs: number }): Place | null {
  const { fromMs, toMs } = view.value;
  if (stretch.toMs < fromMs || stretch.fromMs > toMs) return null;
  const span = toMs - fromMs;
  const left = Math.max(0, (stretch.fromMs - fromMs) / span);
  const right = Math.min(1, (stretch.toMs - fromMs) / span);
  const share = right - left;
  return { css: { left: `${left * 100}%`, width: `max(2px, ${share * 100}%)` }, share };
}

function bars(
  stretches: readonly Stretch[],
  words: (value: string) => string,
  look: (value: string, stretch: Stretch) => string,
): JSX.Element[] {
  return stretches.flatMap((stretch) => {
    const where = place(stretch);
    if (!where) return [];
    const text = words(stretch.value);
    return [
      <div key={`${stretch.fromMs} ${stretch.value}`} class={`bar ${look(stretch.value, stretch)}`} style={where.css} title={text}>
        {where.share * BARS_PX > Math.min(TEXT_PX_MIN, text.length * LETTER_PX + 8) && <span>{text}</span>}
      </div>,
    ];
  });
}

const PHASE_LOOK: Record<string, string> = {
  treating: "accent",
  paused: "soft",
  stopped: "stop",
  uncertain: "stop",
};
const MCU_LOOK: Record<string, string> = { TRAIN: "accent", ARMED: "soft", FAULT: "stop" };

/** Alarms one under the other where they overlap, the worst kept when there is no room. */
function AlarmLane({ whole }: { whole: Track }) {
  const alarms = alarmsOf(whole);
  const rows: Stretch[][] = [[], []];
  for (const alarm of alarms) {
    const free = rows.find((row) => (row.at(-1)?.toMs ?? Number.NEGATIVE_INFINITY) <= alarm.fromMs);
    (free ?? rows[rows.length - 1])?.push(alarm);
  }
  const priority = (stretch: Stretch): string =>
    alarms.find((each) => each === stretch)?.priority ?? "low";
  const isOn = alarms.filter((each) => each.fromMs <= cursorMs.value && cursorMs.value < each.toMs).length;
  const words = (id: string): string => tFirst([`alarm-${id}-what`], id);
  return (
    <Lane label={t("service-lane-alarms")} value={String(isOn)} tall>
      {rows.map((row, index) => (
        <div key={index} class="half">
          {bars(row, words, (_value, stretch) => priority(stretch))}
        </div>
      ))}
    </Lane>
  );
}

function TrainLane({ whole, here }: { whole: Track; here: Sample | null }) {
  const trains = trainsOf(whole);
  return (
    <Lane label={t("service-pulses")} value={String(here?.delivered ?? 0)}>
      {trains.flatMap((each) => {
        const where = place(each);
        if (!where) return [];
        return [
          <div
            key={each.fromMs}
            class="bar pulses"
            style={where.css}
            title={t("service-train", { train: each.train, pulses: each.pulses })}
          >
            {where.share * BARS_PX > 24 && <span>{each.pulses}</span>}
          </div>,
        ];
      })}
    </Lane>
  );
}

function Cursor() {
  const { fromMs, toMs } = view.value;
  const share = (cursorMs.value - fromMs) / Math.max(1, toMs - fromMs);
  if (share < 0 || share > 1) return null;
  return <div class="cursor" style={{ left: `calc(${GUTTER}px + (100% - ${GUTTER + MARGIN}px) * ${share})` }} />;
}

const COIL: readonly Curve[] = [
  { field: "surfaceC", colour: "--accent", width: 2.5, name: "service-surface" },
  { field: "windingC", colour: "--winding", width: 2, name: "service-winding" },
  { field: "ownC", colour: "--ok", width: 1.5, name: "service-own" },
  { field: "foreseenC", colour: "--accent", width: 1.5, dash: [6, 5], name: "service-foreseen" },
];
const BANK: readonly Curve[] = [{ field: "bankV", colour: "--bank", width: 2, name: "service-bank" }];

function Legend({ here }: { here: Sample | null }) {
  return (
    <ul class="legend num">
      {COIL.map(({ field, name }) => (
        <li key={field} class={field}>
          {t(name)} <b>{degrees(here?.[field] as number | null | undefined)}</b>
        </li>
      ))}
    </ul>
  );
}

export function Lanes({ whole }: { whole: Track }) {
  const box = useRef<HTMLDivElement>(null);
  const here = now.value;
  const toTime = (event: PointerEvent | WheelEvent): number => {
    const frame = box.current?.getBoundingClientRect();
    if (!frame) return cursorMs.value;
    const share = (event.clientX - frame.left - GUTTER) / (frame.width - GUTTER - MARGIN);
    const { fromMs, toMs } = view.value;
    return fromMs + Math.min(1, Math.max(0, share)) * (toMs - fromMs);
  };
  useEffect(() => {
    const element = box.current;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      zoom(event.deltaY > 0 ? 1.25 : 0.8);
    };
    element?.addEventListener("wheel", onWheel, { passive: false });
    return () => element?.removeEventListener("wheel", onWheel);
  }, []);
  const limitC = whole.header.surface_c10_max === undefined ? null : whole.header.surface_c10_max / 10;
  return (
    <div
      class="lanes"
      ref={box}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        scrub(toTime(event));
      }}
      onPointerMove={(event) => {
        if (event.buttons & 1) scrub(toTime(event));
      }}
    >
      <Legend here={here} />
      <Chart class="coil" whole={whole} curves={COIL} unit="°C" limit={limitC} label={t("service-coil")} />
      <Chart class="bank" whole={whole} curves={BANK} unit="V" limit={null} label={`${t("service-bank")} ${volts(here?.bankV)}`} />
      <TrainLane whole={whole} here={here} />
      <Lane label={t("service-lane-phase")} value="">
        {bars(stretchesOf(whole, "phase"), (value) => tFirst([`phase-${value}`], value), (value) => PHASE_LOOK[value] ?? "")}
      </Lane>
      <Lane label={t("service-lane-mcu")} value="">
        {bars(stretchesOf(whole, "mcu"), (value) => value || "–", (value) => MCU_LOOK[value] ?? "")}
      </Lane>
      <Lane label={t("service-lane-link")} value="">
        {bars(stretchesOf(whole, "link"), (value) => tFirst([`link-${value}`], value), (value) => (value === "live" ? "" : "medium"))}
      </Lane>
      <AlarmLane whole={whole} />
      <Cursor />
    </div>
  );
}
