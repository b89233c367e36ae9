// A controller in real time: real MicroPython (npm, WebAssembly) runs the firmware's tasks, its serial
// line is a TCP socket on 127.0.0.1. Prints "PORT n" when it listens and, when stdin closes, what it
// has given: "PULSES count first_us last_us state". Usage: node unit_on_line.mjs KEY_HEX UNIT_ID
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(path.dirname(here));

const STEP_MS_MAX = 20; // a busy machine may leave this process out for longer

// The controller's crystal: real time, but it stands still while the process is not let run. A chip
// is never left out; its 100 ms watches would take a loaded test machine for a dead task.
function installCrystal() {
  const trueNow = Date.now;
  let last = trueNow();
  let now = 0;
  Date.now = () => {
    const at = trueNow();
    now += Math.min(Math.max(0, at - last), STEP_MS_MAX);
    last = at;
    return now;
  };
}

class Line {
  socket = null;
  onData = () => {};

  listen(onPort) {
    const server = net.createServer((socket) => {
      this.socket = socket;
      socket.setNoDelay(true);
      socket.on("error", () => (this.socket = null));
      socket.on("data", (data) => this.onData(new Uint8Array(data)));
    });
    server.listen(0, "127.0.0.1", () => onPort(server.address().port));
  }

  write(data) {
    if (this.socket) this.socket.write(Uint8Array.from(data));
  }
}

function copyTree(mp, from, to) {
  mp.FS.mkdirTree(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) {
      if (entry.name !== "__pycache__") copyTree(mp, source, `${to}/${entry.name}`);
    } else if (entry.name.endsWith(".py")) {
      mp.FS.writeFile(`${to}/${entry.name}`, fs.readFileSync(source));
    }
  }
}

async function main(keyHex, unitId) {
  installCrystal();
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
  copyTree(mp, path.join(root, "tests", "firmware"), "/lib/tests/firmware");
  mp.FS.writeFile("/lib/tests/__init__.py", "");
  mp.FS.writeFile("/lib/unit_on_line.py", fs.readFileSync(path.join(here, "unit_on_line.py")));
  const line = new Line();
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  mp.registerJsModule("_host", { write: (data) => line.write(data) });
  mp.runPython(`import unit_on_line\nunit = unit_on_line.Unit("${keyHex}", "${unitId}", ${seed})`);
  line.onData = mp.globals.get("unit").feed;
  mp.runPythonAsync("await unit.run()").catch((error) => {
    console.log(`ENDED ${error.message.replaceAll("\n", " | ")}`);
    process.exit(1);
  });
  line.listen((port) => console.log(`PORT ${port}`));
  process.stdin.on("end", () => {
    mp.runPython("print(unit.told())");
    process.exit(0);
  });
  process.stdin.resume();
}

try {
  await main(process.argv[2], process.argv[3]);
} catch (error) {
  console.log(`ENDED ${error.message.replaceAll("\n", " | ")}`); // the package is one very long line; never the stack
  process.exitCode = 1;
}
