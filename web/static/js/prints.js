// A button that prints the page, for who has JavaScript; the others have their browser's menu.
import { $$ } from "./desk.js";

for (const button of $$("[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
