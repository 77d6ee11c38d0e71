// What the agent does with what fits: takes it, takes that back, says that it does not fit, searches.
import { copy } from "./copying.js";
import { onKeys } from "./keys.js";

const PAUSE_MS = 150; // without a key, before it is searched

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export function acts({ helpdesk, post, page, say, speech, spoken, look }) {
  const [bar, box, hits] = [$("#taken"), $("#find"), $("#hits")];
  let last = null; // what was taken last, and where that is noted
  let timer = 0;
  let turn = 0;
  let found = ""; // the words that the hits answer
  let wanted = false; // Enter was faster than the desk: the first hit is taken

  // ---- taking

  async function take(button) {
    const { take: text, what } = button.dataset;
    const url = $("#fitting")?.dataset.inserted ?? ""; // other suggestions may stand there afterwards
    const put = helpdesk.insert ? await helpdesk.insert(text).then(() => "inserted", () => "") : "";
    const done = put || ((await copy(text)) ? "copied" : "not_copied");
    say("masked" in button.dataset && done !== "not_copied" ? "masked" : done);
    if (done === "not_copied" || !url) return;
    last = { url, what: JSON.parse(what) };
    $("[data-what]", bar).textContent = document.getElementById(button.getAttribute("aria-describedby"))?.textContent ?? "";
    bar.hidden = !(await note(last.url, last.what));
  }

  async function undo() {
    if (bar.hidden) return;
    bar.hidden = true;
    if (await note(last.url, { ...last.what, undone: true })) say("undone");
  }

  // Whether the desk has noted it; where it was answered meanwhile, what fits is looked up anew.
  async function note(url, what) {
    const { status } = await post(url, what);
    if (status === 409) await look();
    if (status === 409) say("settled");
    else if (status === 0) say("offline");
    else if (status !== 204 && status !== 401) say("trouble");
    return status === 204;
  }

  // ---- what does not fit

  async function dismiss(button, undone) {
    const card = button.closest(".card-faq");
    const menu = $(".dismiss", card);
    menu.open = false;
    const what = { slug: card.dataset.slug, undone, reason: button.dataset.dismiss ?? "" };
    if (!(await note($("#fitting").dataset.dismissed, what))) return;
    card.classList.toggle("dismissed", !undone);
    $("[data-why]", card).textContent = undone ? "" : button.textContent.trim();
    $(undone ? "summary" : "[data-back]", undone ? menu : card).focus();
    const left = $$("#fitting .card-faq:not(.dismissed)").length;
    for (const words of $$("#fitting [data-none-left]")) words.hidden = left > 0;
    for (const words of $$("#fitting [data-together]")) words.hidden = left < $$("#fitting .card-faq").length;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && "take" in button.dataset) take(button);
    else if (button && "dismiss" in button.dataset) dismiss(button, false);
    else if (button && "back" in button.dataset) dismiss(button, true);
    for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  $("#undo").addEventListener("click", undo);

  // ---- searching

  async function search() {
    clearTimeout(timer);
    const mine = ++turn;
    const typed = box.value.trim();
    if (!typed) return forget();
    const { status, data } = await post(page.search, { typed, spoken: spoken() });
    if (mine !== turn) return;
    if (status !== 200) return void (hits.textContent = speech()[status ? "trouble" : "offline"]);
    hits.innerHTML = data.html; // ours
    found = typed;
    const first = wanted && $("[data-take]", hits);
    wanted = false;
    if (first) take(first);
  }

  function forget() {
    turn += 1;
    found = box.value = "";
    wanted = false;
    hits.replaceChildren();
    bar.hidden = true;
  }

  box.addEventListener("input", () => {
    wanted = false;
    clearTimeout(timer);
    timer = setTimeout(search, PAUSE_MS);
  });
  $("#finding").addEventListener("submit", (event) => {
    event.preventDefault();
    const first = found === box.value.trim() && $("[data-take]", hits);
    if (first) take(first);
    else if (box.value.trim()) {
      wanted = true;
      search();
    }
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // the input method's own
    if (event.key === "ArrowDown") $("[data-take]", hits)?.focus();
    else if (event.key === "Escape") forget();
    else return;
    event.preventDefault();
  });

  // ---- keys, as in the desk's own console

  const press = (key) => $(`#fitting [data-key="${key}"]`)?.click();
  const keys = {};
  for (let digit = 1; digit <= 9; digit++) {
    keys[`Digit${digit}`] = () => press(digit);
    keys[`Shift+Digit${digit}`] = () => press(`Shift+${digit}`);
  }
  onKeys({
    ...keys,
    KeyU: undo,
    Slash: () => box.focus(),
    KeyX() {
      const card = document.activeElement?.closest?.(".card-faq:not(.dismissed)") ?? $("#fitting .card-faq:not(.dismissed)");
      const menu = card && $(".dismiss", card);
      if (!menu) return;
      menu.open = true;
      $("[data-dismiss]", menu).focus();
    },
    KeyW() {
      const all = $$("#fitting details.why");
      const here = all.findIndex((one) => one.open);
      all.forEach((one, at) => (one.open = at === here + 1));
    },
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && $("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    $("summary", menu).focus();
  });

  return { forget };
}
