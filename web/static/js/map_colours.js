// What the colours of the map mean: classes of points, each with a colour, a name and a count.

const NAMED = 12; // FAQs with a colour of their own
const STEPS = 6; // of time

// Twelve colours that people who see red and green alike can tell apart (after M. Krzywinski), moved
// so far that each keeps away from the paper: darker on white, lighter on black.
const FAQS = {
  light: ["#9f0162", "#009f81", "#ff5aaf", "#008df9", "#8400cd", "#e2a000", "#00a9c9", "#a40122",
    "#ff6e3a", "#5a7d00", "#3d3fa8", "#b98a5e"],
  dark: ["#d94aa0", "#00c49f", "#ff92cc", "#3aa5ff", "#b06bff", "#ffc33b", "#00d5f2", "#e2556b",
    "#ff8a5c", "#a8cc3d", "#8c90ff", "#d9b48c"],
}; // prettier-ignore
const OTHER = { light: "#8e9a96", dark: "#6d7a76" };
const NONE = { light: "#c4ccc8", dark: "#414c49" };
const TIME = {
  light: ["#d9c27a", "#9fbb6d", "#5ea77c", "#2d8a8c", "#2c6390", "#3a3184"],
  dark: ["#5b4a9c", "#3f74b3", "#2fa0a0", "#5cc487", "#aadb6a", "#f2ea85"],
};
const OUTCOMES = {
  light: ["#e69f00", "#009e73", "#d55e00", "#0072b2", "#c4ccc8", "#8e9a96"],
  dark: ["#ffb92e", "#2cc79c", "#ff8345", "#4aa8e0", "#414c49", "#6d7a76"],
};
const DIM = { light: "#e4e8e5", dark: "#242c2a" };
const MARK = { light: "#d0006f", dark: "#ffe14d" }; // what a search found, or a region holds

// `words`: the page's words for what has no name of its own.
export function classes(points, by, words) {
  return { faq: byFaq, day: byDay, outcome: byOutcome }[by](points, words);
}

function byFaq(points, words) {
  const { faqs } = points.legend;
  const english = document.documentElement.lang === "en";
  const shown = faqs.slice(0, NAMED);
  const names = shown.map((faq) => (english && faq.title_en) || faq.title);
  const many = faqs.length > NAMED;
  const last = shown.length + (many ? 1 : 0);
  const of = new Uint8Array(points.n);
  for (let at = 0; at < points.n; at += 1) {
    const number = points.faq[at];
    of[at] = number === 0 ? last : Math.min(number - 1, shown.length);
  }
  return counted(of, [
    ...names.map((name, at) => ({ name, colours: pick(FAQS, at) })),
    ...(many ? [{ name: words.others.replace("{}", faqs.length - NAMED), colours: OTHER, below: true }] : []),
    { name: words.none, colours: NONE, below: true },
  ]);
}

function byDay(points, words) {
  const days = points.day.reduce((most, day) => Math.max(most, day), 0) + 1;
  const steps = Math.min(STEPS, days);
  const of = Uint8Array.from(points.day, (day) => Math.floor((day * steps) / days));
  const first = Date.parse(points.legend.first_day);
  const written = new Intl.DateTimeFormat(document.documentElement.lang, {
    year: "numeric", month: "short", day: days < 200 ? "numeric" : undefined, timeZone: "UTC",
  });
  const on = (day) => new Date(first + day * 86400000);
  const list = Array.from({ length: steps }, (_, at) => ({
    name: written.formatRange(on(Math.ceil((at * days) / steps)), on(Math.ceil(((at + 1) * days) / steps) - 1)),
    colours: pick(TIME, Math.round((at * (STEPS - 1)) / Math.max(1, steps - 1))),
  }));
  return counted(of, list);
}

function byOutcome(points, words) {
  const list = points.legend.outcomes.map((name, at) => ({
    name: words.outcomes[name] ?? name,
    colours: pick(OUTCOMES, at),
  }));
  return counted(points.outcome, list);
}

function pick(colours, at) {
  return { light: colours.light[at], dark: colours.dark[at] };
}

function counted(of, list) {
  const counts = new Uint32Array(list.length);
  for (const number of of) counts[number] += 1;
  return { of, list: list.map((item, at) => ({ ...item, count: counts[at] })) };
}

// ---- the colours of points, as bytes

// Four bytes a point: red, green, blue, and a rank: 0 drawn first, 1 over it, 2 above all and larger.
// `only`: the number of the one class that is shown, or -1; `hits` and `held`: a Uint8Array, 1 for
// points that a search found, or a region holds, or null. A region keeps its colours, hits stand out.
export function paint(found, theme, { only, hits, held }) {
  const table = found.list.map((item) => bytes(item.colours[theme]));
  const [dim, mark] = [bytes(DIM[theme]), bytes(MARK[theme])];
  const out = new Uint8Array(found.of.length * 4);
  for (let at = 0; at < found.of.length; at += 1) {
    const shown = only < 0 || found.of[at] === only;
    const hit = hits !== null && hits[at] === 1;
    const inside = held !== null && held[at] === 1;
    const ground = held === null ? !shown || (hits !== null && !hit) : !inside;
    out.set(ground ? dim : hit ? mark : table[found.of[at]], at * 4);
    const below = ground || (held === null && !hit && found.list[found.of[at]].below);
    out[at * 4 + 3] = below ? 0 : hit ? 2 : 1;
  }
  return out;
}

function bytes(colour) {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
