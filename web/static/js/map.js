// The page of the map: fetches the points, draws them, and answers what hands and keys ask for.
import { $, $$, get, onKeys, say } from "./desk.js";
import { classes, paint } from "./map_colours.js";
import { painter } from "./map_painters.js";
import { read } from "./map_points.js";
import { Region } from "./map_region.js";
import { View } from "./map_view.js";

const PAUSE = 130; // ms on a point before its words are fetched, and without a key in the search
const stage = $("#map");
const canvas = $("canvas", stage);
const words = JSON.parse(stage.dataset.words);
const urls = JSON.parse(stage.dataset.urls);
const tip = $("#tip");
const legend = $("#legend");
const state = { by: "faq", only: -1, marked: null, held: null, found: null };
let points = null;
let view = null;
let draws = null;
let due = 0;

// ---- drawing

const number = (n) => n.toLocaleString(document.documentElement.lang);
const theme = () => (document.documentElement.dataset.bsTheme === "dark" ? "dark" : "light");
// Pixels of a point: about a third of the room that each has.
const base = () => {
  const [width, height] = view.size;
  return Math.max(2, Math.min(6, 0.35 * Math.sqrt((width * height) / points.n)));
};

function draw() {
  cancelAnimationFrame(due);
  due = requestAnimationFrame(() => {
    const dots = devicePixelRatio > 1.5 ? 2 : 1;
    const grown = (view.scale / view.whole) ** 0.35;
    draws.draw({
      x: view.x, y: view.y, scale: view.scale * dots, size: Math.min(14, base() * Math.max(0.8, grown)) * dots,
    });
  });
}

function colour() {
  const { only: shown, marked: hits, held } = state;
  draws.setColours(paint(state.found, theme(), { only: shown, hits, held }));
  draw();
}

function resize() {
  const dots = devicePixelRatio > 1.5 ? 2 : 1;
  draws.resize(Math.round(canvas.clientWidth * dots), Math.round(canvas.clientHeight * dots));
  draw();
}

// ---- the legend

function colourBy(by) {
  state.by = by;
  state.only = -1;
  state.found = classes(points, by, words);
  for (const button of $$("[data-by]")) button.setAttribute("aria-pressed", button.dataset.by === by);
  legend.replaceChildren(...state.found.list.map(entry));
  colour();
  remember();
}

function entry(item, at) {
  const row = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", false);
  const swatch = document.createElement("span");
  swatch.className = "swatch";
  swatch.style.background = item.colours[theme()];
  const name = document.createElement("span");
  name.textContent = item.name;
  const count = document.createElement("span");
  count.className = "count";
  count.textContent = number(item.count);
  button.append(swatch, name, count);
  button.addEventListener("click", () => only(state.only === at ? -1 : at));
  row.append(button);
  return row;
}

function only(at) {
  state.only = at;
  $$("button", legend).forEach((button, each) => button.setAttribute("aria-pressed", each === at));
  colour();
}

// Points that are drawn as ground cannot be pointed at: what one sees is what one chooses.
function counts(at) {
  if (state.only >= 0 && state.found.of[at] !== state.only) return false;
  return state.marked === null || state.marked[at] === 1;
}

// ---- what a point says

let hovered = -1;
let timer = 0;
let asked = null;
const known = new Map();

function pointed(at, px, py) {
  if (at === hovered && at >= 0) return;
  hovered = at;
  clearTimeout(timer);
  asked?.abort();
  tip.hidden = true;
  canvas.classList.toggle("on-point", at >= 0);
  if (at >= 0) timer = setTimeout(() => tell(at, px, py), known.has(points.ids[at]) ? 0 : PAUSE);
}

async function tell(at, px, py) {
  const id = points.ids[at];
  asked = new AbortController();
  const found = known.get(id) ?? (await get(`${urls.peek}${id}`, asked.signal).catch(() => null));
  if (!found || hovered !== at) return;
  known.set(id, found);
  $("[data-text]", tip).textContent = found.text;
  $("[data-facts]", tip).textContent = [found.day, ...found.faqs].filter(Boolean).join(" · ");
  $("a", tip).href = `${urls.inquiry}${id}`;
  tip.hidden = false;
  const right = px > canvas.clientWidth / 2;
  tip.style.left = `${right ? px - tip.offsetWidth - 14 : px + 14}px`;
  tip.style.left = `${Math.max(4, Math.min(canvas.clientWidth - tip.offsetWidth - 4, parseFloat(tip.style.left)))}px`;
  tip.style.top = `${Math.max(4, Math.min(canvas.clientHeight - tip.offsetHeight - 4, py + 12))}px`;
}

function opened(at, touch) {
  if (!touch) window.open(`${urls.inquiry}${points.ids[at]}`, "_blank", "noopener");
}

// ---- regions

const region = new Region($("#region"), urls, words, {
  closed() {
    state.held = null;
    colour();
    canvas.focus();
  },
  changed: load,
});

function chosen(list) {
  if (!list.length) return say(words.nothing);
  state.held = new Uint8Array(points.n);
  for (const at of list) state.held[at] = 1;
  colour();
  region.show(list.map((at) => points.ids[at]));
}

function drawn(line) {
  $("polygon", stage).setAttribute("points", line ? line.map((spot) => spot.join()).join(" ") : "");
}

function use(tool) {
  view.tool = tool;
  canvas.dataset.tool = tool;
  for (const button of $$("[data-tool]", $("#tools"))) {
    button.setAttribute("aria-pressed", button.dataset.tool === tool);
  }
}

// ---- searching

const box = $("#q");
let typing = 0;

async function search() {
  const text = box.value.trim();
  const found = text ? await get(`${urls.hits}?q=${encodeURIComponent(text)}`).catch(() => null) : { ids: [] };
  if (!found || box.value.trim() !== text) return;
  const at = new Map();
  for (let each = 0; text && each < points.n; each += 1) at.set(points.ids[each], each);
  const list = found.ids.map((id) => at.get(id)).filter((each) => each !== undefined);
  state.marked = text ? new Uint8Array(points.n) : null;
  for (const each of list) state.marked[each] = 1;
  $("#hits").textContent = text ? words.hits.replace("{}", number(list.length) + (found.more ? "+" : "")) : "";
  $("#read-hits").hidden = !list.length;
  state.hits = list;
  colour();
}

// ---- where one was, for a page that is loaded anew

function remember() {
  const at = [view.x, view.y, view.scale / view.whole].map((value) => value.toFixed(4));
  history.replaceState(null, "", `#${[state.by, ...at].join(",")}`);
}

function recall() {
  const [by, ...at] = location.hash.slice(1).split(",");
  const [x, y, deep] = at.map(Number);
  const whole = [x, y, deep].every(Number.isFinite) && at.length === 3;
  if (whole) Object.assign(view, { x, y, scale: view.whole * deep });
  return ["faq", "day", "outcome"].includes(by) ? by : "faq";
}

// ---- beginning

async function load() {
  const response = await fetch(urls.points, { headers: { Accept: "application/octet-stream" } }).catch(() => null);
  if (!response?.ok) {
    $("#wait").textContent = words.offline;
    return;
  }
  const before = points;
  points = read(await response.arrayBuffer());
  draws.setPoints(points);
  $("#not-placed").hidden = !points.legend.not_placed;
  $("#not-placed span").textContent = words.notPlaced.replace("{}", number(points.legend.not_placed));
  if (view) {
    view.points = points;
    if (before.n !== points.n) state.held = null;
    if (before.n !== points.n) await search();
    const { only: shown } = state;
    colourBy(state.by);
    if (shown >= 0 && shown < state.found.list.length) only(shown);
    return;
  }
  view = new View(canvas, points, {
    moved() {
      pointed(-1);
      draw();
      clearTimeout(remembering);
      remembering = setTimeout(remember, 300);
    },
    pointed, opened, drawn, chosen,
  });
  view.counts = counts;
  view.fit();
  const by = recall();
  begin();
  colourBy(by);
  $("#wait").hidden = true;
  stage.dataset.ready = draws.name;
}

let remembering = 0;

function begin() {
  resize();
  new ResizeObserver(resize).observe(canvas);
  canvas.addEventListener("repaint", draw);
  new MutationObserver(() => colourBy(state.by)).observe(document.documentElement, {
    attributeFilter: ["data-bs-theme"],
  });
  const acts = {
    closer: () => view.closer(),
    farther: () => view.farther(),
    whole: () => view.fit(),
    "in-sight": () => view.inSight(),
    "read-hits": () => {
      view.fitTo(state.hits);
      chosen(state.hits);
    },
  };
  for (const button of $$("[data-act]")) button.addEventListener("click", acts[button.dataset.act]);
  for (const button of $$("[data-tool]", $("#tools"))) button.addEventListener("click", () => use(button.dataset.tool));
  for (const button of $$("[data-by]")) button.addEventListener("click", () => colourBy(button.dataset.by));
  box.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(search, 2 * PAUSE);
  });
  $("#searching").addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  const other = () => use(view.tool === "move" ? "lasso" : "move");
  onKeys({
    Equal: acts.closer, "Shift+Equal": acts.closer, DigitAdd: acts.closer,
    Minus: acts.farther, DigitSubtract: acts.farther, Digit0: acts.whole,
    KeyV: acts["in-sight"], KeyL: other,
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !$("#region").hidden && !event.target.closest("input, select")) region.close();
  });
  use("move");
  if (box.value) search();
}

if (canvas) {
  draws = painter(canvas, new URLSearchParams(location.search).get("painter") ?? "");
  load();
}
