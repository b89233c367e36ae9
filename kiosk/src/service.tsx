// Entry of the service console: recorded sessions for the biomedical engineer. It looks; it changes nothing.
import "./styles/font.css";
import "./styles/tokens.css";
import "./styles/service.css";
import { render } from "preact";
import { Console } from "./service/Console";
import { begin } from "./service/store";

const root = document.getElementById("app");
if (!root) throw new Error("service.html has no #app");
render(<Console />, root);
void begin();
