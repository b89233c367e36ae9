// One uPlot chart of the stack: curves over the window, no cursor of its own. All charts share the width of
// their left margin, so that a moment stands under itself. Redrawn when the window or the session changes.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { view } from "./store";
import { clockAt, type Sample, type Track } from "./track";

export const GUTTER = 96; // px; the names of the bars stand here too
export const MARGIN = 12; // px, at the right of charts and bars

export interface Curve {
  readonly field: "surfaceC" | "windingC" | "ownC" | "foreseenC" | "bankV";
  readonly colour: string;
  readonly width: number;
  readonly dash?: number[];
  readonly name: string;
}

interface ChartProps {
  whole: Track;
  curves: readonly Curve[];
  unit: string;
  limit: number | null;
  label: string;
  class: string;
}

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

const POINTS_MAX = 4000; // more than pixels; a long session is thinned for the whole view

function dataOf(whole: Track, curves: readonly Curve[], limit: number | null): uPlot.AlignedData {
  const { fromMs, toMs } = view.value;
  const margin = toMs - fromMs;
  const near = whole.samples.filter((s) => s.atMs >= fromMs - margin && s.atMs <= toMs + margin);
  const step = Math.max(1, Math.ceil(near.length / POINTS_MAX));
  const kept: Sample[] = near.filter((_sample, index) => index % step === 0 || index === near.length - 1);
  return [
    kept.map((sample) => sample.atMs / 1000),
    ...curves.map(({ field }) => kept.map((sample) => sample[field])),
    ...(limit === null ? [] : [kept.map(() => limit)]),
  ];
}

function optionsOf(box: HTMLElement, { whole, curves, unit, limit }: ChartProps): uPlot.Options {
  const font = `450 15px "Inter Variable", sans-serif`;
  const axis: uPlot.Axis = { stroke: token("--text-2"), font, ticks: { show: false } };
  const grid = { stroke: token("--line"), width: 1 };
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    padding: [24, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: () => [view.value.fromMs / 1000, view.value.toMs / 1000] },
      y: { range: (_plot, min, max) => [Math.min(min, unit === "V" ? 0 : 20), Math.max(max * 1.03, limit ?? 10)] },
    },
    axes: [
      {
        ...axis,
        grid,
        size: unit === "V" ? 26 : 6,
        values: (_plot, splits) =>
          unit === "V" ? splits.map((at) => clockAt(whole, at * 1000)) : splits.map(() => ""),
        space: 110,
      },
      { ...axis, grid, size: GUTTER, gap: 8, values: (_plot, splits) => splits.map((value) => `${value} ${unit}`), space: 34 },
    ],
    series: [
      {},
      ...curves.map(({ colour, width, dash }) => ({
        stroke: token(colour),
        width,
        ...(dash ? { dash } : {}),
        points: { show: false },
        spanGaps: false,
      })),
      ...(limit === null ? [] : [{ stroke: token("--stop-ink"), width: 1.5, dash: [2, 4], points: { show: false } }]),
    ],
  };
}

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { whole, curves, limit } = props;
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const build = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(element, props), dataOf(whole, curves, limit), element);
    };
    const watch = new ResizeObserver(build);
    watch.observe(element);
    void document.fonts.ready.then(() => plot.current && build());
    return () => {
      watch.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [whole]);
  const shown = view.value;
  useEffect(() => plot.current?.setData(dataOf(whole, curves, limit)), [shown, whole]);
  return (
    <div class={`chart ${props.class}`}>
      <div class="title">{props.label}</div>
      <div class="canvas" ref={box} role="img" aria-label={props.label} />
    </div>
  );
}
