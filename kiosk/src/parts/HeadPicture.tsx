// The head from above, nose up, with the coil's place. Left on the picture is the patient's left: both
// sides are written beside the head, in words and letters. A picture beside the words, not instead.
import { spotsOf } from "../sites";
import { t } from "../text";

interface HeadProps {
  side: string;
  site: string;
}

/** Head, ears, nose, midline, and one mark a place. */
export function HeadPicture({ side, site }: HeadProps) {
  const spots = spotsOf(site, side);
  const letter = (which: "left" | "right"): string =>
    side === which || side === "bilateral" ? "letter on" : "letter";
  return (
    <svg class="head" viewBox="0 0 240 250" role="img" aria-label={t("head-label", { side: t(`side-${side}`) })}>
      <path class="skin" d="M108 32Q120 8 132 32" />
      <path class="skin" d="M44 112Q28 112 28 130T46 152" />
      <path class="skin" d="M196 112Q212 112 212 130T194 152" />
      <ellipse class="skull" cx="120" cy="128" rx="78" ry="98" />
      <path class="midline" d="M120 38V218M48 128H192" />
      <text class={letter("left")} x="16" y="44">
        {t("head-left")}
      </text>
      <text class={letter("right")} x="224" y="44">
        {t("head-right")}
      </text>
      {spots.map(({ x, y }) => {
        const [cx, cy] = [120 + x * 78, 128 + y * 98];
        return (
          <g key={`${x} ${y}`} class="spot">
            <circle class="halo" cx={cx} cy={cy} r="24" />
            <circle class="dot" cx={cx} cy={cy} r="10" />
          </g>
        );
      })}
    </svg>
  );
}
