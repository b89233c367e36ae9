// The coil's contact face over the last minutes, with its limit as a dotted line. uPlot draws; redrawn
// at 2 Hz, when the trace has grown. Colours come from the theme's custom properties.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { t } from "../text";
import { trace, traceRev } from "../store";
import { degreesOf, splitsOf } from "./axes";

const ROOM_MIN_C = 20; // the picture starts here unless the coil is colder
const SPAN_MIN = 2; // minutes shown at least, so that the first points are not a wall
const SPAN_MAX = 10;

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
  const last = (plot: uPlot): number[] => [plot.data[0].length - 1];
  return { show: true, size: fontPx() * 0.6, fill: colour, stroke: colour, filter: last };
}

function minutesLabel(minutes: number): string {
  return Math.abs(minutes) < 0.01 ? t("chart-now") : t("chart-minutes", { minutes: `−${-minutes}` });
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
      x: { time: false, range: (_plot, min) => [Math.max(-SPAN_MAX, min), 0] },
      y: {
        range: (plot) => {
          const { low, high } = rangeOf((plot.data[1] ?? []) as (number | null)[], limitC);
          return [low, high];
        },
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: fontPx() * 1.7,
        splits: (plot) => splitsOf(plot.scales.x?.min ?? -SPAN_MIN),
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
    ],
  };
}

function dataOf(limitC: number): uPlot.AlignedData {
  const [minutes, surface] = trace.columns(performance.now());
  const xs = [Math.min(-SPAN_MIN, minutes[0] ?? 0), ...minutes, 0];
  return [xs, [null, ...surface, surface.at(-1) ?? null], xs.map(() => limitC)];
}

/** The chart, as large as its box. */
export function CoilChart({ limitC }: { limitC: number }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const build = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element, limitC), dataOf(limitC), element);
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
  useEffect(() => plot.current?.setData(dataOf(limitC)), [rev, limitC]);
  return <div class="plot" ref={box} role="img" aria-label={t("chart-label")} />;
}
