// The bench panel: shows whole states from /live as they come, sends one POST a press. Decides
// nothing, keeps nothing but the last state and what it has already drawn.

const WORDS = {
  estop: ["Released", "Pressed"],
  patient: ["Not pressed", "Pressed"],
  door: ["Shut", "Open"],
  coil: ["Plugged in", "Unplugged"],
  cover: ["On", "Off"],
  attend: ["Held", "Released"],
  fan: ["Running", "Blocked"],
  link: ["Whole", "Cut"],
  usb: ["Plugged in", "Unplugged"],
  sounder: ["Good", "Dead"],
  tacho: ["Honest", "Says running"],
  doorwire: ["Whole", "Bridged"],
  hostpin: ["Moves", "Stuck"],
  hostout: ["Falls", "Welded on"],
  gate: ["Falls", "Welded on"],
  chatter: ["Firm", "Chatters"],
};
const COILS = { figure8: "figure-8 coil", figure8_cooled: "cooled figure-8 coil" };
const SILENCE_MS = 1500; // the unit sends twice a second
const RECONNECT_MS = 1000;
const REST_MS = 15000; // longer than the pause between two trains of theta burst
const ANSWERS = 10;

const $ = (id) => document.getElementById(id);
const drawn = { pulses: null, twitch: null, answers: [] };
let shown = null;
let silence = 0;

function connect() {
  const socket = new WebSocket(`ws://${location.host}/live`);
  const silent = () => socket.close();
  socket.addEventListener("message", (event) => {
    clearTimeout(silence);
    silence = setTimeout(silent, SILENCE_MS);
    show(JSON.parse(event.data));
  });
  socket.addEventListener("close", () => {
    clearTimeout(silence);
    lose();
    setTimeout(connect, RECONNECT_MS);
  });
}

function lose() {
  document.body.classList.add("lost");
  $("connection").textContent = "The simulated unit does not answer";
}

function show(state) {
  shown = state;
  document.body.classList.remove("lost");
  $("connection").textContent = state.serial.is_open ? "Edge has the line open" : "No edge on the line";
  $("unit").textContent = `${state.unit_id}, ${COILS[state.coil] ?? state.coil}. No metal, no patient.`;
  for (const button of document.querySelectorAll(".act[data-field]")) {
    const isUnsafe = state.switches[button.dataset.act];
    button.setAttribute("aria-pressed", String(isUnsafe));
    button.querySelector("span").textContent = WORDS[button.dataset.act][Number(isUnsafe)];
  }
  showFan(state);
  for (const group of document.querySelectorAll(".sensor")) {
    for (const button of group.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(state.sensors[group.dataset.which] === button.dataset.fault));
    }
  }
  showTruth(state);
  showHand(state);
}

function showFan(state) {
  const fan = document.querySelector('[data-act="fan"]');
  fan.disabled = !state.has_cooling;
  if (fan.disabled) fan.querySelector("span").textContent = "Not fitted";
}

function showTruth(state) {
  $("pulses").textContent = state.pulses.toLocaleString("en").replaceAll(",", "\u2009");
  $("amplitude").textContent = state.last_pulse ? `${state.last_pulse.amplitude_pct.toFixed(1)} %` : "–";
  $("bank").textContent = `${Math.round(state.bank_v)} V`;
  $("surface").textContent = `${state.surface_c.toFixed(1)} °C`;
  $("winding").textContent = `${state.winding_c.toFixed(1)} °C`;
  $("gate").textContent = state.gate_on ? "On" : "Off";
  $("gate-tile").classList.toggle("on", state.gate_on);
  $("mcu").textContent = controller(state);
  $("lamp-ready").classList.toggle("on", state.outputs.lamp_ready);
  $("lamp-fault").classList.toggle("on", state.outputs.lamp_fault);
  $("sounder").classList.toggle("on", state.outputs.sounder);
  $("coil-glyph").classList.toggle("absent", state.switches.coil);
}

function controller(state) {
  if (state.mcu !== "running") return state.mcu;
  const words = (state.mcu_state || "running").replaceAll("_", " ").toLowerCase();
  return state.mcu_fault ? `${words} ${state.mcu_fault}` : words;
}

function showHand(state) {
  const twitch = state.last_twitch;
  const twitch_ns = twitch ? twitch.at_ns : 0;
  const isFirst = drawn.pulses === null; // what happened before the page was open is not drawn
  if (!isFirst && state.pulses !== drawn.pulses) again($("coil-glyph"), "fire");
  if (!isFirst && twitch_ns !== drawn.twitch) {
    drawn.answers = [...drawn.answers, twitch.is_seen].slice(-ANSWERS);
    if (twitch.is_seen) again($("thumb"), "twitch");
  }
  drawn.pulses = state.pulses;
  drawn.twitch = twitch_ns;
  $("twitch").textContent = caption(state, twitch_ns);
}

function caption(state, twitch_ns) {
  const age_ms = (state.at_ns - twitch_ns) / 1e6;
  if (!drawn.answers.length || age_ms > REST_MS) {
    drawn.answers = [];
    return "The hand rests";
  }
  const moved = drawn.answers.filter(Boolean).length;
  return `Thumb moved ${moved} of the last ${drawn.answers.length} times`;
}

// Two equal animations take turns, because the same one cannot start twice in a row.
function again(element, name) {
  const isFirst = element.classList.contains(`${name}-a`);
  element.classList.toggle(`${name}-a`, !isFirst);
  element.classList.toggle(`${name}-b`, isFirst);
}

async function act(body, words) {
  const message = $("message");
  try {
    const answer = await fetch("/act", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await answer.json();
    message.classList.toggle("bad", !answer.ok);
    message.textContent = answer.ok ? words : text.error;
  } catch {
    message.classList.add("bad");
    message.textContent = "Not done: the simulated unit does not answer";
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button || !shown) return;
  if (button.dataset.fault) {
    const which = button.closest(".sensor").dataset.which;
    act({ act: "sensor", which, fault: button.dataset.fault }, `${which} sensor: ${button.textContent.toLowerCase()}`);
  } else if (button.dataset.field) {
    const { act: name, field } = button.dataset;
    const isUnsafe = !shown.switches[name];
    act({ act: name, [field]: isUnsafe }, `${button.querySelector("b").textContent}: ${WORDS[name][Number(isUnsafe)].toLowerCase()}`);
  } else {
    act({ act: button.dataset.act }, `${button.textContent.trim()}: done`);
  }
});

connect();
