import { render } from "preact";
import { App } from "./app";
import { language } from "./state/language";
import { applyTheme } from "./state/theme";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/components.css";
import "./styles/shell.css";

applyTheme();
document.documentElement.lang = language.value;

const place = document.getElementById("app");
if (place) render(<App />, place);
