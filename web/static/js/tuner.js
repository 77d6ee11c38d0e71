// The threshold tuner: the slider moves over the curve that came with the page; the inquiries that
// would change are asked for when it rests.
import { $, get } from "./desk.js";

const PAUSE = 150; // ms after the last move

const form = $("#tuner");
const curve = JSON.parse(form.dataset.curve);
const slide = $("#slide");
const field = $("#threshold");
const put = $("#put");
let timer = 0;
let asked = null; // the request under way

function show(point) {
  $("[data-at]").textContent = point.at;
  for (const [name, [main, beside, few]] of Object.entries(point.figures)) {
    const cell = $(`[data-figure="${name}"]`);
    $("[data-main]", cell).textContent = main;
    $("[data-beside]", cell).textContent = beside;
    cell.classList.toggle("few", few);
  }
  slide.setAttribute("aria-valuetext", point.said);
  $("#in-short").textContent = point.said;
  const dot = $(".dot.tried");
  if (dot) place(dot, $(".drawn.tried"), point);
  if (put) {
    $("#keep").elements.threshold.value = point.value;
    put.disabled = false;
  }
}

function place(dot, bar, { place: at, said }) {
  for (const part of [dot, bar]) part.classList.toggle("nowhere", at === null);
  if (at === null) return;
  dot.setAttribute("cx", at.x);
  dot.setAttribute("cy", at.y);
  $("title", dot).textContent = said;
  for (const end of ["x1", "x2"]) bar.setAttribute(end, at.x);
  bar.setAttribute("y1", at.low);
  bar.setAttribute("y2", at.high);
}

// Asks for the inquiries that would change, and for the figures of a threshold between two points.
async function look() {
  asked?.abort();
  asked = new AbortController();
  const values = new URLSearchParams({ threshold: field.value });
  const slug = new URLSearchParams(location.search).get("faq");
  if (slug) values.set("faq", slug);
  $("#changes").classList.add("stale");
  try {
    const found = await get(`${form.dataset.piece}?${values}`, asked.signal);
    if (found === null) throw new Error("refused");
    show(found.point);
    $("#said-point").textContent = found.point.said;
    $("#changes").innerHTML = found.html; // our own template, its values escaped
    $("#trouble").textContent = "";
    history.replaceState(null, "", `?${values}`);
  } catch (error) {
    if (error.name === "AbortError") return;
    $("#trouble").textContent = form.dataset.sayOffline;
  }
  $("#changes").classList.remove("stale");
}

function soon() {
  $("#picked")?.remove(); // what was picked is not what is tried any more
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE);
}

slide.addEventListener("input", () => {
  const point = curve[slide.value];
  field.value = point.value;
  show(point);
  soon();
});

field.addEventListener("input", () => {
  const value = Number(field.value.replace(",", "."));
  if (!(value > 0 && value <= 1)) return; // half a number
  const at = curve.findIndex((point) => !(Number(point.value) < value)); // the last may be "never"
  slide.value = at < 0 ? curve.length - 1 : at;
  soon();
});

$("#cost").addEventListener("change", () => {
  if (Number($("#cost").value.replace(",", ".")) > 0) form.requestSubmit($("[name=pick]"));
});

// Another FAQ begins anew: the threshold of the one before says nothing about it.
$("#faq").addEventListener("change", () => {
  field.value = "";
  form.requestSubmit($("#look"));
});

// The button is for who has no JavaScript, the slider for who has.
$("#look").hidden = true;
$(".slide").hidden = false;
