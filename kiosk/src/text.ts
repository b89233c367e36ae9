// Every visible text, by key. Owns the Fluent bundle built from edge/texts/<language>/*.ftl, the one
// catalogue that service and page share. Decides nothing about which text to show. A key that is not
// there shows itself and is reported on the console, so that a test and a person both see it.
import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";

export type TextArgs = Record<string, string | number>;

const LANGUAGE = "en";
const FILES = import.meta.glob<string>("../../edge/texts/en/*.ftl", {
  query: "?raw",
  import: "default",
  eager: true,
});

/** A bundle over these sources; later sources may not redefine a key of earlier ones. */
export function bundleOf(language: string, sources: readonly string[]): FluentBundle {
  const bundle = new FluentBundle(language, { useIsolating: false });
  for (const source of sources) {
    for (const error of bundle.addResource(new FluentResource(source))) console.error(String(error));
  }
  return bundle;
}

const bundle = bundleOf(LANGUAGE, Object.values(FILES));

/** Whether the catalogue has this key. */
export function has(key: string): boolean {
  return bundle.hasMessage(key);
}

/** The text of a key; the key itself when it is missing. */
export function t(key: string, args: TextArgs = {}): string {
  const pattern = bundle.getMessage(key)?.value;
  if (!pattern) {
    if (import.meta.env.DEV) console.error(`text key missing: ${key}`);
    return key;
  }
  const errors: Error[] = [];
  const text = bundle.formatPattern(pattern, args as Record<string, FluentVariable>, errors);
  if (import.meta.env.DEV) for (const error of errors) console.error(`text ${key}: ${error.message}`);
  return text;
}

/** The first key of the list that the catalogue has, as text; the plain fallback otherwise. */
export function tFirst(keys: readonly string[], fallback: string, args: TextArgs = {}): string {
  const key = keys.find(has);
  return key ? t(key, args) : fallback;
}

/** A code with its prefix, whether or not the service has already put it there. */
export function keyed(prefix: string, code: string): string {
  return code.startsWith(`${prefix}-`) ? code : `${prefix}-${code}`;
}
