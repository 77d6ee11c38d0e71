// The inbox while it stays open: counts, who has what, what was answered meanwhile. Rows keep
// their places: nothing moves under a reader's hands.
import { $, $$, get, onKeys } from "./desk.js";

const EVERY = 30_000; // ms, while somebody looks

const list = $("#waiting");
const rows = new Map($$("li[data-id]", list).map((row) => [row.dataset.id, row]));
let looked = Date.now();

async function look() {
  if (document.hidden) return;
  looked = Date.now();
  const url = new URL(list.dataset.state, location.href);
  url.searchParams.set("ids", [...rows.keys()].join(","));
  const found = await get(url).catch(() => null);
  if (!found) return;
  for (const [scope, n] of Object.entries(found.counts)) {
    const count = $(`[data-count="${scope}"]`);
    if (count.textContent !== `${n}`) count.textContent = n;
    const tab = count.closest("[data-when-any]");
    if (tab) tab.hidden = !n;
  }
  $("#take-next button").disabled = !found.counts.free && !found.counts.mine;
  const gone = new Set(found.gone.map(String));
  for (const [id, row] of rows) {
    const mark = $("[data-held]", row);
    const held = found.held[id];
    const words = gone.has(id) ? list.dataset.gone : (held?.words ?? "");
    if (mark.textContent !== words) mark.textContent = words;
    mark.classList.toggle("mine", Boolean(held?.mine));
    row.classList.toggle("gone", gone.has(id));
  }
}

setInterval(look, EVERY);
document.addEventListener("visibilitychange", () => Date.now() - looked > EVERY && look());
addEventListener("pageshow", (event) => event.persisted && look());

onKeys({ KeyN: () => $("#take-next button").click() });
