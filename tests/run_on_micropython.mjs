// Loads real MicroPython (npm, WebAssembly), copies firmware/ and the tests into its file system and
// runs tests/run_on_micropython.py there. Time is virtual: Date.now and setTimeout are replaced before
// loading, the port's scheduler uses nothing else. Usage: node run_on_micropython.mjs MODULE...
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const IDLE_TURNS_MAX = 50; // nothing scheduled and nothing resumed: the run is stuck

class VirtualTime {
  now = 0;
  queue = [];
  nextId = 1;

  install() {
    Date.now = () => this.now;
    globalThis.setTimeout = (action, delayMs = 0) => {
      this.queue.push({ id: this.nextId, at: this.now + Math.max(0, Math.ceil(delayMs)), action });
      return this.nextId++;
    };
    globalThis.clearTimeout = (id) => {
      this.queue = this.queue.filter((timer) => timer.id !== id);
    };
  }

  step() {
    if (this.queue.length === 0) return false;
    this.queue.sort((a, b) => a.at - b.at || a.id - b.id);
    const timer = this.queue.shift();
    this.now = timer.at;
    timer.action();
    return true;
  }
}

function copyTree(mp, from, to) {
  mp.FS.mkdirTree(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "__pycache__") copyTree(mp, source, `${to}/${entry.name}`);
    } else if (/\.(py|txt)$/.test(entry.name)) {
      mp.FS.writeFile(`${to}/${entry.name}`, fs.readFileSync(source));
    }
  }
}

async function drain(virtual, isDone) {
  let idle = 0;
  while (!isDone() && idle < IDLE_TURNS_MAX) {
    idle = virtual.step() ? 0 : idle + 1;
    await null; // the top-level coroutine resumes by promise
    await null;
  }
}

async function main(modules) {
  const virtual = new VirtualTime();
  virtual.install();
  const { loadMicroPython } = await import(
    "@micropython/micropython-webassembly-pyscript/micropython.mjs"
  );
  const mp = await loadMicroPython({
    heapsize: 8 * 1024 * 1024,
    linebuffer: true,
    stdout: (line) => console.log(line),
    stderr: (line) => console.error(line),
  });
  copyTree(mp, path.join(root, "firmware"), "/lib/firmware");
  copyTree(mp, path.join(root, "hw_sim", "chip"), "/lib"); // machine, rp2 and what they model
  copyTree(mp, path.join(here, "firmware"), "/lib/tests/firmware");
  copyTree(mp, path.join(here, "vectors"), "/lib/tests/vectors");
  mp.FS.writeFile("/lib/tests/__init__.py", "");
  const source = fs.readFileSync(path.join(here, "run_on_micropython.py"), "utf8");
  const names = modules.map((name) => `"${name}",`).join(" ");
  let outcome = null;
  mp.runPythonAsync(`${source}\nMODULES = (${names})\nawait run()\n`).then(
    () => (outcome = 0),
    (error) => {
      console.log(error.message);
      outcome = 1;
    },
  );
  await drain(virtual, () => outcome !== null);
  if (outcome === null) console.log("STUCK: every task waits for something that cannot happen");
  process.exitCode = outcome === 0 ? 0 : 1;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.log(error.message); // the package is one very long line; never print the stack
  process.exitCode = 1;
}
