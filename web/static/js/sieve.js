// What the archive and the search are asked: a choice takes effect at once, and empty ones stay out
// of the address. Enter asks, also in the box that takes several lines; Shift+Enter is a new line.
import { $, $$, get } from "./desk.js";

const form = $("#sieve");

form.addEventListener("submit", () => {
  for (const field of $$("[name]", form)) field.disabled = !field.value.trim();
});
// After coming back to the page its fields can be used again.
addEventListener("pageshow", () => $$("[name]", form).forEach((field) => (field.disabled = false)));

for (const field of $$("[data-sifts]", form)) {
  // A date typed by its parts changes several times on the way: wait until it is left.
  const name = field.type === "date" ? "blur" : "change";
  let before = field.value;
  field.addEventListener(name, () => {
    if (field.value !== before) form.requestSubmit();
    before = field.value;
  });
}

$("textarea", form)?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  form.requestSubmit();
});

// Counting takes longer than finding: the page is there before it knows how many there are.
const counted = $("#found-count[data-count]");
if (counted) {
  const found = await get(counted.dataset.count).catch(() => null);
  if (found) counted.textContent = found.words;
}
