// A socket that remembers what was sent and says what it is told; pictures for logic tests.
import type { SocketLike } from "../src/link";
import type { Snapshot } from "../src/wire";

export class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  onerror: (() => void) | null = null;
  readyState = 0;
  sent: { t: string; id?: number; rev?: number; [key: string]: unknown }[] = [];

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === "string" ? message : JSON.stringify(message) });
  }

  ofKind(kind: string) {
    return this.sent.filter((message) => message.t === kind);
  }
}

const FIXTURES = import.meta.glob<Snapshot>("./fixtures/*.json", { eager: true, import: "default" });

/** A snapshot that the Python tests have checked against the schema. */
export function picture(name: string): Snapshot {
  const found = FIXTURES[`./fixtures/${name}.json`];
  if (!found) throw new Error(`no fixture ${name}`);
  return found;
}
