// Two clocks in one glance: the thick arc is the present stage (it shrinks in a pause and turns white
// while pulses are given), the thin ring of ticks is the session, one tick a train.
import { useMemo } from "preact/hooks";
import { countdown, grouped, part } from "../format";
import { isCompact } from "../panel";
import { t } from "../text";
import type { SessionView } from "../wire";

const CENTRE = 220;
const TICKS_R = 208;
const ARC_R = 174;
const TICKS_MAX = 120; // above this the ticks become one thin arc

function point(radius: number, degrees: number): string {
  const angle = ((degrees - 90) * Math.PI) / 180;
  const x = CENTRE + radius * Math.cos(angle);
  const y = CENTRE + radius * Math.sin(angle);
  return `${x.toFixed(2)} ${y.toFixed(2)}`;
}

function tickPath(index: number, count: number): string {
  const step = 360 / count;
  const gap = Math.min(1, step / 5);
  const [from, to] = [index * step + gap, (index + 1) * step - gap];
  const isLong = to - from > 180 ? 1 : 0;
  return `M${point(TICKS_R, from)}A${TICKS_R} ${TICKS_R} 0 ${isLong} 1 ${point(TICKS_R, to)}`;
}

/** Ticks for trains, done ones bright; one continuous arc for very many or a single train. */
function Ticks({ session }: { session: SessionView }) {
  const { trains, train, delivered, prescribed, pulses_per_train: each } = session;
  const isOne = trains < 2 || trains > TICKS_MAX;
  const whole = each > 0 ? Math.floor(delivered / each) : train - 1;
  // Drawn anew only when a train is complete, not ten times a second.
  const ticks = useMemo(() => (isOne ? null : tickRow(trains, whole)), [isOne, trains, whole]);
  if (isOne) {
    const done = part(delivered, prescribed) * 1000;
    return (
      <g class="ticks">
        <circle class="off" cx={CENTRE} cy={CENTRE} r={TICKS_R} />
        <circle
          class="done"
          cx={CENTRE}
          cy={CENTRE}
          r={TICKS_R}
          pathLength="1000"
          stroke-dasharray={`${done} 1000`}
          transform={`rotate(-90 ${CENTRE} ${CENTRE})`}
        />
      </g>
    );
  }
  return <g class="ticks">{ticks}</g>;
}

function tickRow(trains: number, whole: number) {
  return Array.from({ length: trains }, (_, index) => (
    <path key={index} class={index < whole ? "done" : "off"} d={tickPath(index, trains)} />
  ));
}

interface Words {
  above: string;
  big: string;
  below: string;
}

function wordsOf(session: SessionView): Words {
  const { stage, train, trains, train_pulses: given, pulses_per_train: each } = session;
  const big = countdown(session.stage_left_ms);
  if (stage === "train") {
    const pulses = t("ring-pulses", { given: grouped(given), each: grouped(each) });
    return { above: t("ring-train", { train }), big, below: pulses };
  }
  if (stage === "gap") {
    return { above: isCompact.value ? t("ring-gap-short") : t("ring-gap"), big, below: t("ring-then", { train, trains }) };
  }
  if (stage === "countdown") {
    return { above: t("ring-countdown"), big, below: t("ring-then", { train, trains }) };
  }
  if (stage === "done") return { above: t("ring-done"), big: "0:00", below: "" };
  return { above: t("ring-idle"), big: "–", below: t("ring-then", { train, trains }) };
}

/** The ring of the treating screen. */
export function Ring({ session }: { session: SessionView }) {
  const { stage, stage_left_ms: left, stage_ms: whole } = session;
  const filled = stage === "train" ? 1 - part(left, whole) : part(left, whole);
  const words = wordsOf(session);
  const isShown = stage !== "idle" && stage !== "done" && filled > 0.002;
  return (
    <svg class={`ring ${stage}`} viewBox="0 0 440 440" role="img" aria-label={`${words.above} ${words.big}`}>
      <Ticks session={session} />
      <circle class="track" cx={CENTRE} cy={CENTRE} r={ARC_R} />
      {isShown && (
        <circle
          key={`${stage}-${session.train}`}
          class="arc"
          cx={CENTRE}
          cy={CENTRE}
          r={ARC_R}
          pathLength="1000"
          stroke-dasharray={`${(filled * 1000).toFixed(1)} 2000`}
          transform={`rotate(-90 ${CENTRE} ${CENTRE})`}
        />
      )}
      <text class="above" x={CENTRE} y="142">
        {words.above}
      </text>
      <text class="big" x={CENTRE} y="262">
        {words.big}
      </text>
      <text class="below" x={CENTRE} y="308">
        {words.below}
      </text>
    </svg>
  );
}
