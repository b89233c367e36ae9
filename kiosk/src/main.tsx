// Entry of the chair-side page: styles, frame, connection. The page asks and shows; it decides nothing.
import "./styles/font.css";
import "./styles/tokens.css";
import "./styles/frame.css";
import "./styles/parts.css";
import "./styles/panels.css";
import "./styles/day.css";
import "./styles/visit.css";
import "./styles/checks.css";
import "./styles/treatment.css";
import "./styles/compact.css";
import "./styles/compact-day.css";
import "./styles/compact-chair.css";
import "./styles/safety.css";
import { render } from "preact";
import { App } from "./App";
import { fitPanel } from "./panel";
import { start } from "./store";

fitPanel();
addEventListener("resize", fitPanel);
addEventListener("contextmenu", (event) => event.preventDefault()); // a long press is a slow touch
const root = document.getElementById("app");
if (!root) throw new Error("index.html has no #app");
render(<App />, root);
start();
