// The WebSocket to the service: opening, freshness, beats, commands with three outcomes. Owns no
// picture and no text. One second of silence is a lost link; commands wait two seconds for their
// answer and are then "not confirmed". Time comes from the page's monotonic clock and timers.
import type { ClientMessage, Command, ServerMessage, Snapshot } from "./wire";

/** What the link needs of a WebSocket; tests give their own. */
export interface SocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  onerror: (() => void) | null;
  readonly readyState: number;
  send(data: string): void;
  close(): void;
}

export type LinkState = "opening" | "live" | "lost";
export type Outcome =
  | { kind: "accepted" }
  | { kind: "refused"; code: string; args: Record<string, string | number>; text: string }
  | { kind: "unconfirmed" }
  | { kind: "not_sent" };

/** Whom the link tells. */
export interface LinkListener {
  onSnapshot(snapshot: Snapshot): void;
  onState(state: LinkState): void;
  onStopAnswered(id: number): void;
  onUnknown(what: string): void;
}

type Body<M> = M extends Command ? Omit<M, "id" | "rev"> : never;
/** A command without its id and revision: the link and the store add them. */
export type CommandBody = Body<Command>;

/** What the beat tells the service about this page. */
export interface Drawn {
  frames: number;
  screen: string;
  touches: number;
}

const OPEN = 1; // WebSocket.OPEN
export const SILENCE_MS = 1000; // [P] sources.md kiosk 2.4
export const OPENING_MS = 4000; // a connection that does not open in this time is tried anew
export const ANSWER_MS = 2000; // longer than the slowest accepted command, shorter than patience
export const BEAT_MS = 500; // [P] sources.md kiosk 2.4
export const RETRY_MS: readonly number[] = [250, 500, 1000, 2000, 4000];
const PENDING_MAX = 32; // more unanswered commands than a hand can give

export class Link {
  state: LinkState = "opening";
  heardAt: number | null = null; // performance.now() of the last message
  shownRev = 0;
  private socket: SocketLike | null = null;
  private tries = 0;
  private lastId = 0;
  private silence: ReturnType<typeof setTimeout> | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private beat: ReturnType<typeof setInterval> | undefined;
  private readonly pending = new Map<number, (outcome: Outcome) => void>();
  private readonly stops = new Set<number>();

  constructor(
    private readonly connect: () => SocketLike,
    private readonly listener: LinkListener,
    private readonly drawn: () => Drawn,
  ) {}

  /** Opens the first connection and starts the beat. */
  start(): void {
    this.beat = setInterval(() => this.sendBeat(), BEAT_MS);
    this.openSocket();
  }

  /** Closes for good. */
  end(): void {
    clearInterval(this.beat);
    this.dropSocket();
    clearTimeout(this.retry);
  }

  /** A fresh connection now: after log-in and log-out the service must see the new cookie. */
  reopen(): void {
    this.dropSocket();
    this.tries = 0;
    clearTimeout(this.retry);
    this.openSocket();
  }

  /** The next message id; ids are never used twice in a page's life. */
  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  /** Sends a command as seen at this revision; resolves exactly once. */
  command(body: CommandBody, rev: number): Promise<Outcome> {
    if (this.state !== "live" || this.pending.size >= PENDING_MAX) {
      return Promise.resolve({ kind: "not_sent" });
    }
    const id = this.nextId();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.settle(id, { kind: "unconfirmed" }), ANSWER_MS);
      this.pending.set(id, (outcome) => {
        clearTimeout(timer);
        resolve(outcome);
      });
      this.post({ ...body, id, rev } as ClientMessage);
    });
  }

  /** Sends STOP now if the line is open, whatever else is going on. Answers whether it went out. */
  sendStop(id: number): boolean {
    this.stops.add(id);
    return this.post({ t: "stop", id });
  }

  private openSocket(): void {
    const socket = this.connect();
    this.socket = socket;
    this.watch(OPENING_MS);
    socket.onopen = () => {
      this.watch(SILENCE_MS);
      this.sendBeat();
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => this.lose();
    socket.onerror = () => this.lose();
  }

  /** Lost unless something is heard within this time. */
  private watch(silenceMs: number): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lose(), silenceMs);
  }

  private lose(): void {
    this.dropSocket();
    this.setState("lost");
    clearTimeout(this.retry);
    const wait = RETRY_MS[Math.min(this.tries, RETRY_MS.length - 1)];
    this.tries += 1;
    this.retry = setTimeout(() => this.openSocket(), wait);
  }

  private dropSocket(): void {
    clearTimeout(this.silence);
    const socket = this.socket;
    this.socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
    }
    for (const id of [...this.pending.keys()]) this.settle(id, { kind: "unconfirmed" });
  }

  private setState(state: LinkState): void {
    if (this.state === state) return;
    this.state = state;
    this.listener.onState(state);
  }

  private receive(data: unknown): void {
    let message: ServerMessage;
    try {
      message = JSON.parse(String(data)) as ServerMessage;
    } catch {
      this.listener.onUnknown("not JSON");
      return;
    }
    this.heardAt = performance.now();
    this.watch(SILENCE_MS);
    this.dispatch(message);
  }

  private dispatch(message: ServerMessage): void {
    switch (message.t) {
      case "snapshot":
        this.tries = 0;
        this.shownRev = message.rev;
        this.setState("live");
        this.listener.onSnapshot(message);
        return;
      case "accepted":
        this.settle(message.id, { kind: "accepted" });
        return;
      case "refused": {
        const { code, args, text } = message;
        this.settle(message.id, { kind: "refused", code, args, text });
        return;
      }
      case "malformed":
        this.listener.onUnknown(`the service could not read ${message.where}: ${message.text}`);
        return;
      default:
        this.listener.onUnknown(String((message as { t?: unknown }).t));
    }
  }

  private settle(id: number, outcome: Outcome): void {
    if (this.stops.delete(id) && outcome.kind === "accepted") this.listener.onStopAnswered(id);
    const resolve = this.pending.get(id);
    this.pending.delete(id);
    resolve?.(outcome);
  }

  private sendBeat(): void {
    this.post({ t: "beat", ...this.drawn(), shown_rev: this.shownRev });
  }

  private post(message: ClientMessage): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }
}
