// One's own account: a theme shows at once, codes can be printed.

import { $, $$ } from "./desk.js";

for (const radio of $$("input[name=theme]")) {
  radio.addEventListener("change", () => (document.documentElement.dataset.theme = radio.value));
}

const printer = $("[data-prints]");
if (printer) {
  printer.hidden = false;
  printer.addEventListener("click", () => print());
}
