// The coil's contact face over the last minutes and, dashed, as it is foreseen; its limit as a dotted
// line. uPlot draws; redrawn at 2 Hz, when the trace has grown. Colours come from the theme's custom
// properties.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { t } from "../text";
import { trace, traceRev } from "../store";
import type { CurvePoint } from "../wire";
import { degreesOf, splitsOf } from "./axes";

const ROOM_MIN_C = 20; // the picture starts here unless the coil is colder
const SPAN_MIN = 2; // minutes shown at least, so that the first points are not a wall
const SPAN_MAX = 10;
const AHEAD_MAX = 15; // minutes foreseen that are drawn; further ahead the line says little

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function fontPx(): number {
  return Math.round(Number.parseFloat(token("--mm")) * 3.06); // 18 px on the 10-inch panel
}

interface Range {
  low: number;
  high: number;
}

function rangeOf(values: readonly (number | null)[], limitC: number): Range {
  const known = values.filter((value): value is number => value !== null);
  const low = Math.min(ROOM_MIN_C, ...known);
  return { low: Math.floor(low / 5) * 5, high: Math.max(limitC, ...known) + 2 };
}

/** A dot at the newest value only. */
function nowPoint(colour: string): uPlot.Series.Points {
  const now = (plot: uPlot): number[] => [plot.data[0].indexOf(0)];
  return { show: true, size: fontPx() * 0.6, fill: colour, stroke: colour, filter: now };
}

function minutesLabel(minutes: number): string {
  if (Math.abs(minutes) < 0.01) return t("chart-now");
  return t("chart-minutes", { minutes: minutes < 0 ? `−${-minutes}` : `+${minutes}` });
}

function optionsOf(box: HTMLElement, limitC: number): uPlot.Options {
  const line = token("--line");
  const font = `450 ${fontPx()}px "Inter Variable", sans-serif`;
  const axis: uPlot.Axis = { stroke: token("--text-3"), font, ticks: { show: false } };
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    padding: [8, fontPx(), 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_plot, min, max) => [Math.max(-SPAN_MAX, min), Math.max(0, max)] },
      y: {
        range: (plot) => {
          const drawn = [...(plot.data[1] ?? []), ...(plot.data[3] ?? [])] as (number | null)[];
          const { low, high } = rangeOf(drawn, limitC);
          return [low, high];
        },
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: fontPx() * 1.7,
        splits: (plot) => splitsOf(plot.scales.x?.min ?? -SPAN_MIN, plot.scales.x?.max ?? 0),
        values: (_plot, splits) => splits.map(minutesLabel),
      },
      {
        ...axis,
        grid: { stroke: line, width: 1 },
        size: fontPx() * 2,
        gap: 6,
        splits: (plot) => degreesOf(plot.scales.y?.min ?? 0, plot.scales.y?.max ?? 0),
        values: (_plot, splits) => splits.map(String),
      },
    ],
    series: [
      {},
      { stroke: token("--accent"), width: 3, points: nowPoint(token("--accent")) },
      { stroke: token("--text"), width: 2, dash: [3, 5], points: { show: false } },
      { stroke: token("--accent"), width: 2, dash: [10, 6], points: { show: false } },
    ],
  };
}

function dataOf(limitC: number, curve: readonly CurvePoint[]): uPlot.AlignedData {
  const [minutes, surface] = trace.columns(performance.now());
  const now = surface.at(-1) ?? null;
  const ahead = curve.filter(([inS]) => inS > 0 && inS <= AHEAD_MAX * 60);
  const xs = [Math.min(-SPAN_MIN, minutes[0] ?? 0), ...minutes, 0, ...ahead.map(([inS]) => inS / 60)];
  const past = surface.map(() => null);
  return [
    xs,
    [null, ...surface, now, ...ahead.map(() => null)],
    xs.map(() => limitC),
    [null, ...past, ahead.length > 0 ? now : null, ...ahead.map(([, surfaceC]) => surfaceC)],
  ];
}

/** The chart, as large as its box. */
export function CoilChart({ limitC, curve }: { limitC: number; curve: readonly CurvePoint[] }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const foreseen = useRef(curve);
  foreseen.current = curve;
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const build = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element, limitC), dataOf(limitC, foreseen.current), element);
    };
    const watch = new ResizeObserver(build);
    watch.observe(element);
    void document.fonts.ready.then(() => plot.current && build());
    return () => {
      watch.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [limitC]);
  const rev = traceRev.value;
  useEffect(() => plot.current?.setData(dataOf(limitC, foreseen.current)), [rev, limitC]);
  return <div class="plot" ref={box} role="img" aria-label={t("chart-label")} />;
}
