// One gap's page: how many of its inquiries are ticked, and all or none at once.
import { $, $$ } from "./desk.js";

const told = $("[data-ticked]");
const boxes = $$("[name=inquiry], [name=rest]");

function count() {
  const hidden = $("[name=rest]")?.checked ? Number($("[name=hidden]").value) : 0;
  const n = hidden + boxes.filter((box) => box.name === "inquiry" && box.checked).length;
  told.textContent = told.dataset.ticked.replace("{}", n.toLocaleString(document.documentElement.lang));
}

if (told) {
  const all = $("[data-tick-all]");
  all.hidden = false;
  all.addEventListener("click", () => {
    const every = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !every;
    count();
  });
  for (const box of boxes) box.addEventListener("change", count);
  count();
}
