// The panel's size in millimetres, so that targets and letters are as large as fingers and eyes need.
// The width may be given in the address (?panel_mm=217); without it the known panels are assumed.
import { signal } from "@preact/signals";

/** Small panels fold side columns behind tabs; the same bound as in styles/compact.css. */
export const isCompact = signal(false);
const COMPACT = "(max-width: 1100px), (max-height: 700px)";

const KNOWN: readonly (readonly [number, number])[] = [
  // widest window in CSS px, px per mm (sources.md kiosk 5.1 [M])
  [850, 5.19], // 7-inch 800x480
  [Number.POSITIVE_INFINITY, 5.9], // 7-inch 914x514 at scale 1.4, and 10.1-inch 1280x800
];

/** CSS pixels in one millimetre of this panel. */
export function pxPerMm(widthPx: number, search: string): number {
  const given = Number(new URLSearchParams(search).get("panel_mm"));
  if (Number.isFinite(given) && given >= 80 && given <= 700) return widthPx / given;
  return KNOWN.find(([widest]) => widthPx <= widest)?.[1] ?? 5.9;
}

/** Sets --mm and the layout from the window and the address. */
export function fitPanel(): void {
  const mm = pxPerMm(innerWidth, location.search);
  document.documentElement.style.setProperty("--mm", `${mm}px`);
  isCompact.value = matchMedia(COMPACT).matches;
}
