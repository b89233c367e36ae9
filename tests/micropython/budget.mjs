// Runs budget_inside.py under real MicroPython with the folder given as its /lib: source or compiled.
// Time stands still (nothing here waits). Usage: node budget.mjs LIB_FOLDER
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript/micropython.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

function copyTree(mp, from, to) {
  mp.FS.mkdirTree(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const source = path.join(from, entry.name);
    if (entry.isDirectory()) copyTree(mp, source, `${to}/${entry.name}`);
    else mp.FS.writeFile(`${to}/${entry.name}`, fs.readFileSync(source));
  }
}

try {
  const mp = await loadMicroPython({
    heapsize: 8 * 1024 * 1024,
    linebuffer: true,
    stdout: (line) => console.log(line),
    stderr: (line) => console.error(line),
  });
  copyTree(mp, process.argv[2], "/lib");
  // Collects here, at the top, and nowhere else: this port cannot while Python is running.
  const step = (code) => {
    mp.runPython(code);
    mp.runPython("gc.collect()");
  };
  const cost = (name, code) => {
    step(`mark("${name}")`);
    mp.runPython(`${code}; tell("${name}_with_garbage", "${name}")`);
    step("pass");
    mp.runPython(`tell("${name}", "${name}")`);
  };
  step(fs.readFileSync(path.join(here, "budget_inside.py"), "utf8"));
  step("start()");
  step('mark("boot")');
  cost("import", "import_app()");
  cost("board_and_tasks", "make_board()");
  mp.runPython('tell("boot", "boot")');
  step("make_bench()");
  for (const name of ["Heartbeat", "ReadLedger", "Charge"]) {
    step(`make_frames("${name}")`);
    step("feed_frames()"); // the first of a kind works out its layout and keeps it
    step(`make_frames("${name}")`);
    cost(`eight_of_${name}`, "feed_frames()");
  }
  step("arm()");
  cost("fire", "fire()");
  cost("twenty_pulses", "run_pulses()");
  cost("end_train", "end_train()");
  mp.runPython("tell_stack()");
} catch (error) {
  console.log(error.message); // the package is one very long line; never print the stack
  process.exitCode = 1;
}
