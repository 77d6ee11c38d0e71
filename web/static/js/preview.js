// The look at a file: how many rows are chosen; changed ones count only where they may be changed.
import { $, $$ } from "./desk.js";

const form = $("#preview");
const overwrite = $("#overwrite");
const picked = $("#picked");

function show() {
  for (const box of $$("tr.changed [name=line]", form)) box.disabled = !overwrite.checked;
  const n = $$("[name=line]:checked:enabled", form).length;
  picked.textContent = picked.dataset.words.replace("{}", n.toLocaleString(document.documentElement.lang));
}

form.addEventListener("change", show);
show();
