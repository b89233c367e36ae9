// Where on the head a site code lies, for the picture only: seen from above, nose up, in parts of the
// head's radius. x grows to the viewer's right. Drawing aid, not a coordinate for treatment. Pure.
export interface Spot {
  x: number;
  y: number;
}

/** Distance from the midline and from the ears' line, by the area named in the site code. */
const AREAS: readonly (readonly [string, number, number])[] = [
  ["dlpfc", 0.42, -0.52],
  ["lateral-pfc", 0.66, -0.42],
  ["dmpfc", 0, -0.55],
  ["mpfc", 0, -0.62],
  ["pfc", 0.42, -0.56],
  ["ofc", 0.4, -0.78],
  ["m1", 0.5, -0.02],
  ["sma", 0, -0.12],
  ["leg", 0, -0.04],
  ["occiput", 0, 0.78],
  ["vertex", 0, 0],
];

/** The patient's left is the viewer's left in this view: nothing is mirrored. */
export function spotsOf(site: string, side: string): Spot[] {
  const found = AREAS.find(([area]) => site.includes(area));
  if (!found) return [];
  const [, x, y] = found;
  if (side === "left") return [{ x: -x, y }];
  if (side === "right") return [{ x, y }];
  if (side === "bilateral" && x > 0) return [{ x: -x, y }, { x, y }];
  return [{ x: 0, y }];
}
