// The settings: what is changed is marked and counted, and what deleting would delete is told.

import { $, $$, get } from "./desk.js";

const form = $(".settings-page");
const first = new Map($$(".setting", form).map((row) => [row, shown(row)]));
const count = $("#changed");

function shown(row) {
  const field = $("[name]:not([type=hidden]):not(button)", row);
  return field.type === "checkbox" ? field.checked : field.value;
}

function mark() {
  let n = 0;
  for (const [row, before] of first) {
    const changed = shown(row) !== before;
    row.classList.toggle("changed", changed);
    n += changed;
  }
  count.textContent = n ? `${count.dataset.some} ${n}` : "";
}

// "As usual" puts the usual value into the field; it is saved with the rest.
form.addEventListener("click", (event) => {
  const button = event.target.closest("[name=reset]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest(".setting");
  const field = $("[name]:not([type=hidden]):not(button)", row);
  if (field.type === "checkbox") field.checked = row.dataset.usual === "1";
  else field.value = row.dataset.usual;
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

let asked = 0;
async function tellDue(days) {
  const mine = ++asked;
  if (!/^\d{1,5}$/.test(days)) return;
  const found = await get(`${form.dataset.due}?days=${Number(days)}`).catch(() => null);
  if (found && mine === asked) $("#due").textContent = found.words;
}

form.addEventListener("input", (event) => {
  mark();
  if (event.target.id === "inquiries_days") tellDue(event.target.value.trim());
});

let leaving = false;
form.addEventListener("submit", () => (leaving = true));
addEventListener("beforeunload", (event) => {
  if (!leaving && $(".setting.changed")) event.preventDefault();
});
mark();
