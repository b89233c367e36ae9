// Icons: lucide's plain node data, and three signs of our own (STOP octagon, coil, filled pause).
// Decoration only: every icon stands beside a word.
import {
  Activity,
  Bell,
  BellOff,
  CalendarDays,
  Check,
  ChevronLeft,
  ChevronRight,
  Circle,
  CircleCheck,
  CircleQuestionMark,
  CircleX,
  CloudOff,
  Cpu,
  Crosshair,
  Delete,
  Eye,
  Flag,
  Hourglass,
  type IconNode,
  Lock,
  MessageSquareText,
  Play,
  RefreshCw,
  Send,
  ShieldCheck,
  TriangleAlert,
  Unplug,
  User,
  Zap,
} from "lucide";
import { createElement } from "preact";

const STOP: IconNode = [
  ["path", { d: "M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8z" }],
  ["path", { d: "M8.5 8.5h7v7h-7z", fill: "currentColor", stroke: "none" }],
];
const COIL: IconNode = [
  ["circle", { cx: "7.6", cy: "9.5", r: "5.2" }],
  ["circle", { cx: "16.4", cy: "9.5", r: "5.2" }],
  ["path", { d: "M12 12.5v8.5" }],
];
const PAUSE: IconNode = [["path", { d: "M8.5 5v14M15.5 5v14", "stroke-width": "3.6" }]];

const NODES = {
  activity: Activity,
  bell: Bell,
  "bell-off": BellOff,
  calendar: CalendarDays,
  check: Check,
  left: ChevronLeft,
  right: ChevronRight,
  open: Circle,
  ok: CircleCheck,
  unknown: CircleQuestionMark,
  no: CircleX,
  "cloud-off": CloudOff,
  cpu: Cpu,
  target: Crosshair,
  delete: Delete,
  eye: Eye,
  flag: Flag,
  hourglass: Hourglass,
  lock: Lock,
  note: MessageSquareText,
  play: Play,
  recheck: RefreshCw,
  send: Send,
  shield: ShieldCheck,
  warn: TriangleAlert,
  unplug: Unplug,
  user: User,
  zap: Zap,
  stop: STOP,
  coil: COIL,
  pause: PAUSE,
} as const;

export type IconName = keyof typeof NODES;

/** One icon in the colour of its text. */
export function Icon({ name, class: extra = "" }: { name: IconName; class?: string }) {
  return (
    <svg class={`i ${extra}`} viewBox="0 0 24 24" aria-hidden="true">
      {NODES[name].map(([tag, attributes]) => createElement(tag, attributes))}
    </svg>
  );
}
