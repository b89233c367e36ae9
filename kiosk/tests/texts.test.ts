// Every key that the page asks for is in the catalogue: literal keys one by one, built keys for every
// value that can be put into them.
import { describe, expect, test, vi } from "vitest";
import { bundleOf, has, keyed, t, tFirst } from "../src/text";

const FILES = import.meta.glob<string>("../src/**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });
const WIRE = FILES["../src/wire.ts"] ?? "";
const SOURCES = Object.entries(FILES)
  .filter(([path]) => path !== "../src/wire.ts")
  .map(([, text]) => text);
const CATALOGUE = import.meta.glob<string>("../../edge/texts/en/{screen,service}.ftl", {
  query: "?raw",
  import: "default",
  eager: true,
});
const SCREEN = Object.values(CATALOGUE).join("\n");

/** The words that a field of the wire may take, from the generated types. */
function valuesOf(type: string, field: string): string[] {
  const body = new RegExp(`interface ${type} \\{([^}]*)\\}`).exec(WIRE)?.[1] ?? "";
  const line = new RegExp(`readonly ${field}: ([^;]*);`).exec(body)?.[1] ?? "";
  return [...line.matchAll(/"([^"]*)"/g)].map((found) => found[1] ?? "").filter(Boolean);
}

const PHASES = [...(/type Phase = ([^;]*);/.exec(WIRE)?.[1] ?? "").matchAll(/"(\w+)"/g)].map((m) => m[1]);
/** Templates in the sources, with what can be put into them. A new template must be listed here. */
const BUILT: Record<string, readonly (string | undefined)[]> = {
  "phase-": PHASES,
  "device-": valuesOf("DeviceView", "ready"),
  "link-": valuesOf("UnitView", "link"),
  "self-test-": valuesOf("DeviceView", "self_test"),
  "self-test-found-": ["clock", "pio", "enable", "trigger", "sensors", "ledger", "key", "dma", "bleed"],
  "sounder-": valuesOf("DeviceView", "sounder"),
  "timing-": valuesOf("ControllerView", "timing"),
  "slot-": valuesOf("ControllerView", "slot"),
  "clinic-": valuesOf("SyncView", "clinic"),
  "role-": ["technician", "engineer", "clinician"],
  "visit-": valuesOf("AppointmentView", "state"),
  "check-is-": valuesOf("CheckView", "state"),
  "machine-is-": valuesOf("CheckView", "state"),
  "interlock-is-": valuesOf("InterlockView", "state"),
  "interlock-": ["estop", "door", "coil", "patient", "cooling"],
  "side-": ["left", "right", "bilateral", "midline"],
  "site-": ["dlpfc", "dlpfc-left", "dlpfc-right", "pfc-right", "dmpfc", "lateral-pfc-insula", "occiput", "m1-left"],
  "status-": ["cleared", "published", "off_label", "diagnostic"],
  "end-reason-": valuesOf("EndSession", "reason"),
  "record-is-": valuesOf("VisitView", "record_state"),
  "record-": ["signed", "queued", "sent"],
  "stop-button-": ["idle", "stopping", "confirmed", "unconfirmed"],
  "tab-": ["today", "device", "controller"],
  "note-": ["comfortable", "discomfort", "headache", "twitch", "moved", "talked"],
  "wrap-note-": ["fine", "headache", "scalp", "twitch", "tired"],
  "release-reason-": ["reviewed", "order_confirmed", "examined", "mild", "present", "cause", "counted", "known", "informed"],
  "held-": valuesOf("HeldView", "why"),
  "gap-": ["clock_unset", "clock_back", "clock_untrusted"],
  "limit-of-": valuesOf("RestView", "source"),
  "uncertain-": ["bad_intents", "ledger_missing", "ledger_invalid", "other_session", "ledger_ahead"],
  "proof-": ["rest", "watchdog", "estop-open", "estop-close", "attend-open", "enclosure-close"],
  "failure-": ["too_slow", "not_opened", "controller_blind"],
  "certificate-": ["none", "expired", "interrupted"],
  "safety-is-": valuesOf("SafetyTestView", "outcome"),
  "safety-next-": ["failed", "dropped", "stopped"],
  "service-contact-": ["host", "flow"],
  "service-outcome-": ["completed", "stopped", "not_done", ""],
  "check-": ["identity", "medication", "sleep", "alcohol", "health", "mood", "metal", "earplugs", "link", "order"],
};

describe("keys of the sources", () => {
  const literal = SOURCES.flatMap((text) => [...text.matchAll(/\bt\(\s*"([^"]+)"/g)].map((m) => m[1] ?? ""));
  test.each([...new Set(literal)])("%s", (key) => expect(has(key)).toBe(true));

  const templates = SOURCES.flatMap((text) => [...text.matchAll(/\bt\(`([^`$]+)\$\{/g)].map((m) => m[1] ?? ""));
  test.each([...new Set(templates)])("%s… for every value", (prefix) => {
    const values = BUILT[prefix];
    expect(values, `list the values of ${prefix} in this test`).toBeDefined();
    expect(values?.length).toBeGreaterThan(0);
    for (const value of values ?? []) expect(has(`${prefix}${value}`), `${prefix}${value}`).toBe(true);
  });

  test("self-test words exist with a time too", () => {
    for (const state of valuesOf("DeviceView", "self_test")) expect(has(`self-test-${state}-at`)).toBe(true);
  });
});

describe("the screen's catalogue", () => {
  test("has no key that nobody uses", () => {
    const all = SOURCES.join("\n");
    const keys = [...SCREEN.matchAll(/^([a-z][\w-]*) =/gm)].map((m) => m[1] ?? "");
    const prefixes = [...Object.keys(BUILT), "coil-", "mt-method-", "mt-basis-"];
    const orphans = keys.filter((key) => !all.includes(`"${key}"`) && !prefixes.some((p) => key.startsWith(p)));
    expect(orphans).toEqual([]);
  });

  test("uses only signs of the font's Latin set", () => {
    expect(SCREEN).not.toMatch(/[≥≤→←]/);
  });
});

describe("texts", () => {
  test("plurals and arguments are filled in", () => {
    expect(t("records-to-send", { count: 1 })).toBe("1 record");
    expect(t("records-to-send", { count: 5 })).toBe("5 records");
    expect(t("session-of", { number: 12, total: 36 })).toBe("Session 12 of 36");
  });

  test("a missing key shows itself and is reported", () => {
    const report = vi.spyOn(console, "error").mockImplementation(() => undefined);
    expect(t("no-such-key")).toBe("no-such-key");
    expect(report).toHaveBeenCalledOnce();
    report.mockRestore();
  });

  test("the first known key wins, else the fallback", () => {
    expect(tFirst(["nothing", "back"], "x")).toBe("Back");
    expect(tFirst(["nothing"], "x")).toBe("x");
    expect([keyed("due", "due-x"), keyed("due", "x")]).toEqual(["due-x", "due-x"]);
  });

  test("a broken catalogue is reported", () => {
    const report = vi.spyOn(console, "error").mockImplementation(() => undefined);
    bundleOf("en", ["a = 1\n", "a = 2\n"]);
    expect(report).toHaveBeenCalled();
    report.mockRestore();
  });
});
