// The tuner of policies: what the sliders would do is shown while they move.
import { $, $$, get } from "./desk.js";

const PAUSE = 150; // ms after the last move
const STEP = 0.01; // of the arrow keys; with Shift the finest step

const form = $("#tuner");
const piece = $("#piece");
const trouble = $("#trouble");
let timer = 0;
let asked = null; // the request under way

function shown(slider) {
  const row = slider.closest(".slider");
  const on = $("[type=checkbox]", row).checked;
  slider.disabled = !on;
  $("output", row).value = on ? digits(slider.value) : $("output", row).dataset.off;
}

// At least two digits, as the page writes them.
function digits(text) {
  return Number(text).toFixed(4).replace(/0{1,2}$/, "");
}

async function look() {
  asked?.abort();
  asked = new AbortController();
  const values = new URLSearchParams(new FormData(form));
  if ($("#keep")) $("#keep").elements.sliders.value = values;
  piece.classList.add("stale");
  try {
    const found = await get(`${form.dataset.piece}?${values}`, asked.signal);
    if (found === null) throw new Error("refused");
    piece.innerHTML = found.html; // our own template, its values escaped
    $("#summary").value = $$(".standing, .proven li:first-child", piece).map((line) => line.textContent).join(" ");
    trouble.textContent = "";
  } catch (error) {
    if (error.name === "AbortError") return;
    trouble.textContent = form.dataset.sayOffline;
  }
  piece.classList.remove("stale");
}

form.addEventListener("input", (event) => {
  const row = event.target.closest(".slider");
  if (row) shown($("[type=range]", row));
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE);
});

form.addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.code];
  if (!by || event.target.type !== "range" || event.shiftKey) return;
  event.preventDefault();
  event.target.value = Number(event.target.value) + by * STEP;
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
});

// The button is for who has no JavaScript.
$("#look").hidden = true;
for (const slider of $$("[type=range]", form)) shown(slider);
