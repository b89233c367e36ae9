// The session as one strip from the first pulse to the last: given, not settled, still to come, with a
// line between trains and a notch where a train was cut. Draws what it is given.
import { grouped } from "../format";
import { stretchesOf } from "../rest";
import { t } from "../text";
import type { SessionView } from "../wire";

const SEAMS_MAX = 40; // more lines than this are a grey fog on a small panel

/** The picture of what is kept. */
export function TrainStrip({ session }: { session: SessionView }) {
  const { prescribed, trains } = session;
  if (prescribed === 0) return null;
  const place = (pulses: number): string => `${(100 * pulses) / prescribed}%`;
  const seams = trains <= SEAMS_MAX ? trains : 0;
  const label = t("strip-label", {
    given: grouped(session.delivered),
    unsure: grouped(session.uncertain),
    due: grouped(session.remaining),
  });
  return (
    <div class="strip-box" role="img" aria-label={label}>
      <div class="train-strip">
        {stretchesOf(session).map(({ kind, from, to }) => (
          <i key={kind} class={kind} style={{ left: place(from), width: place(to - from) }} />
        ))}
        {Array.from({ length: Math.max(0, seams - 1) }, (_, index) => (
          <i key={`seam ${index}`} class="seam" style={{ left: `${(100 * (index + 1)) / trains}%` }} />
        ))}
      </div>
      {session.cuts.map((pulses) => (
        <i key={`cut ${pulses}`} class="cut" style={{ left: place(pulses) }} />
      ))}
    </div>
  );
}
