// What to press, open or pull in a guided step of the safety test, drawn as it looks on the unit, with an
// arrow for the way it moves. A picture beside the words, not instead.
import type { JSX } from "preact";

const TURN = "M30 96a62 62 0 0 1 22-44M46 44l8 6-4 10";
const DOWN = "M100 14v34M88 36l12 12 12-12";

function Estop({ isClose }: { isClose: boolean }) {
  return (
    <>
      <rect class="body" x="48" y="118" width="104" height="56" rx="12" />
      <rect class="body" x="84" y="96" width="32" height="24" />
      <path class="mark" d="M44 96q0-34 56-34t56 34z" />
      <path class="arrow" d={isClose ? TURN : DOWN} />
    </>
  );
}

function Patient({ isClose }: { isClose: boolean }) {
  return (
    <>
      <path class="body" d="M76 70h48l8 78q1 26-32 26t-32-26z" />
      <rect class="mark" x="84" y="52" width="32" height="20" rx="8" />
      <path class="body" d="M100 174v16" />
      <path class="arrow" d={isClose ? "M100 46V12M88 24l12-12 12 12" : "M100 10v32M88 30l12 12 12-12"} />
    </>
  );
}

function Door({ isClose }: { isClose: boolean }) {
  return (
    <>
      <path class="body" d="M52 182V28h84v154M36 182h132" />
      <path class="mark" d="M52 28l52 20v126l-52 8z" />
      <circle class="dot" cx="92" cy="112" r="5" />
      <path class="arrow" d={isClose ? "M172 106h-42M142 94l-12 12 12 12" : "M126 106h42M156 94l12 12-12 12"} />
    </>
  );
}

function Plug({ isClose }: { isClose: boolean }) {
  return (
    <>
      <rect class="body" x="112" y="56" width="60" height="92" rx="12" />
      <path class="mark" d="M20 102h32M52 74h40v56H52z" />
      <path class="body" d="M92 88h14M92 116h14" />
      <path class="arrow" d={isClose ? "M44 40h52M84 28l12 12-12 12" : "M96 40H44M56 28L44 40l12 12"} />
    </>
  );
}

function Cover({ isClose }: { isClose: boolean }) {
  return (
    <>
      <path class="body" d="M34 110h132v64H34z" />
      <path class="mark" d="M26 92l134-18 4 20-134 18z" />
      <path class="arrow" d={isClose ? DOWN : "M100 58V14M88 26l12-12 12 12"} />
    </>
  );
}

function Foot({ isClose }: { isClose: boolean }) {
  return (
    <>
      <path class="body" d="M30 172h140v-14H30z" />
      <path class="mark" d="M38 158l124-40v40z" />
      <path class="arrow" d={isClose ? "M110 92V32M98 44l12-12 12 12" : "M110 32v60M98 80l12 12 12-12"} />
    </>
  );
}

const PICTURES: Record<string, (props: { isClose: boolean }) => JSX.Element> = {
  estop: Estop,
  patient: Patient,
  door: Door,
  coil: Plug,
  enclosure: Cover,
  attend: Foot,
};

/** The contact of a step; nothing for one that has no picture. */
export function ContactPicture({ name, isClose }: { name: string; isClose: boolean }) {
  const Picture = PICTURES[name];
  if (!Picture) return null;
  return (
    <svg class="contact" viewBox="0 0 200 200" aria-hidden="true">
      <Picture isClose={isClose} />
    </svg>
  );
}
