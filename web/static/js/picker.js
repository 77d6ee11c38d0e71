// The box that finds any FAQ or category: arrows choose, Enter takes, letters narrow it down.
import { $$, get, say } from "./desk.js";

const PAUSE = 120; // ms without a key
const AGAIN = 3000; // ms after which a busy desk is asked again
const PAGE = 10; // options that PageUp and PageDown pass

// `take(item)` gets what was chosen; `read` finds groups of items in the desk's answer, each
// {words, items}: items have a title and a category, a group without words has no head.
export function picker(box, list, take, read = (found) => found.groups) {
  let timer = 0;
  let again = 0;
  let asked = new AbortController();
  let chosen = null;
  let before = null; // the groups that stand there before anything is typed
  let items = [];
  let shownFor = null; // the words that the list answers
  let wanted = false; // Enter was faster than the desk: the first one found is taken

  const options = () => $$("[role=option]", list);

  function show(open) {
    list.hidden = !open;
    box.setAttribute("aria-expanded", open);
    if (!open) choose(null);
    else list.scrollIntoView({ block: "nearest" }); // on a phone it may open below the edge
  }

  function choose(option) {
    chosen?.setAttribute("aria-selected", false);
    chosen = option ?? null;
    if (!chosen) return box.removeAttribute("aria-activedescendant");
    chosen.setAttribute("aria-selected", true);
    box.setAttribute("aria-activedescendant", chosen.id);
    chosen.scrollIntoView({ block: "nearest" });
  }

  async function find() {
    clearTimeout(again);
    asked.abort();
    asked = new AbortController();
    const typed = box.value;
    if (!typed.trim() && before) return fill(before, typed);
    const url = new URL(box.dataset.url, location.href);
    url.searchParams.set("q", typed);
    const { signal } = asked;
    const found = await get(url, signal).catch(() => null);
    if (!found) {
      if (signal.aborted) return;
      wanted = false;
      // Quietly: what stands there stays, and the desk may have time in a moment.
      again = setTimeout(() => document.activeElement === box && box.value === typed && find(), AGAIN);
      return;
    }
    const groups = read(found);
    if (!typed.trim()) before = groups;
    if (document.activeElement === box) fill(groups, typed);
  }

  function fill(groups, typed) {
    shownFor = typed;
    items = groups.flatMap((group) => group.items);
    chosen = null;
    let at = 0;
    list.replaceChildren(
      ...groups.flatMap(({ words, items: own }, place) => {
        const made = own.map((item) => option(item, at++));
        return words ? [group(words, place, made)] : made;
      }),
    );
    if (!items.length) list.append(nothing());
    list.scrollTop = 0;
    show(true);
    choose(items.length && typed.trim() ? options()[0] : null);
    const now = wanted && chosen;
    wanted = false;
    if (now) choosing(chosen);
  }

  function group(words, place, made) {
    const head = document.createElement("li");
    head.id = `${list.id}-group-${place}`;
    head.className = "group-head";
    head.setAttribute("role", "presentation");
    head.textContent = words;
    const part = document.createElement("ul");
    part.setAttribute("role", "group");
    part.setAttribute("aria-labelledby", head.id);
    part.append(head, ...made);
    return part;
  }

  function option({ title, category }, at) {
    const item = document.createElement("li");
    item.id = `${list.id}-${at}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", false);
    item.dataset.at = at;
    const name = document.createElement("span");
    name.textContent = title;
    const beside = document.createElement("span");
    beside.className = "quiet";
    beside.textContent = category;
    item.append(name, beside);
    return item;
  }

  function nothing() {
    const none = document.createElement("li");
    none.className = "quiet";
    none.setAttribute("role", "presentation");
    none.textContent = box.dataset.none;
    say(box.dataset.none);
    return none;
  }

  function choosing(option) {
    const item = items[option.dataset.at];
    box.value = "";
    show(false);
    take(item);
  }

  function step(by) {
    const all = options();
    const here = all.indexOf(chosen);
    const last = all.length - 1;
    if (here < 0) choose(by > 0 ? all[0] : all[last]);
    else if (Math.abs(by) > 1) choose(all[Math.max(0, Math.min(last, here + by))]);
    else choose(all[(here + by + all.length) % all.length]);
  }

  box.addEventListener("focus", find);
  box.addEventListener("input", () => {
    wanted = false;
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE);
  });
  box.addEventListener("blur", () => show(false));
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the box's focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) choosing(item);
  });
  const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: PAGE, PageUp: -PAGE };
  box.addEventListener("keydown", (event) => {
    // While a syllable is composed, Enter and the arrows belong to the input method.
    if (event.isComposing || event.altKey) return;
    if (event.key in STEPS) step(STEPS[event.key]);
    else if (event.key === "Enter") {
      if (box.value === shownFor) {
        if (chosen) choosing(chosen);
      } else if (box.value.trim()) {
        wanted = true;
        clearTimeout(timer);
        find();
      }
    } else return;
    event.preventDefault();
  });

  return { forget: () => (before = null) };
}
