// The box that finds any FAQ or category as it is typed: arrows choose, Enter takes.
import { $, $$, get } from "./desk.js";

const PAUSE = 120; // ms without a key

// `read` finds the list in the desk's answer: objects with text, title, category and perhaps slug.
export function picker(box, list, insert, read = (found) => found.faqs) {
  let timer = 0;
  let asked = new AbortController();
  let chosen = -1;

  const options = () => $$("[role=option]", list);

  function show(open) {
    list.hidden = !open;
    box.setAttribute("aria-expanded", open);
    if (!open) choose(-1);
    else list.scrollIntoView({ block: "nearest" }); // on a phone it may open below the edge
  }

  function choose(place) {
    chosen = place;
    options().forEach((option, at) => option.setAttribute("aria-selected", at === place));
    const option = options()[place];
    if (option) {
      box.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else box.removeAttribute("aria-activedescendant");
  }

  async function find() {
    asked.abort();
    asked = new AbortController();
    const url = new URL(box.dataset.url, location.href);
    url.searchParams.set("q", box.value);
    const found = await get(url, asked.signal).catch(() => null);
    if (found && document.activeElement === box) fill(read(found));
  }

  function fill(faqs) {
    list.replaceChildren(...faqs.map(option));
    if (!faqs.length) {
      const none = document.createElement("li");
      none.className = "quiet";
      none.textContent = box.dataset.none;
      list.append(none);
    }
    show(true);
    choose(faqs.length && box.value.trim() ? 0 : -1);
  }

  function option(faq, at) {
    const item = document.createElement("li");
    item.id = `found-${at}`;
    item.setAttribute("role", "option");
    item.dataset.text = faq.text;
    item.dataset.slug = faq.slug ?? "";
    const title = document.createElement("span");
    title.textContent = faq.title;
    const category = document.createElement("span");
    category.className = "quiet";
    category.textContent = faq.category;
    item.append(title, category);
    return item;
  }

  function take(item) {
    insert(item.dataset.text, item.dataset.slug);
    box.value = "";
    show(false);
  }

  box.addEventListener("focus", find);
  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(find, PAUSE);
  });
  box.addEventListener("blur", () => show(false));
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // keeps the box's focus
  list.addEventListener("click", (event) => {
    const item = event.target.closest("[role=option]");
    if (item) take(item);
  });
  box.addEventListener("keydown", (event) => {
    // While a syllable is composed, Enter and the arrows belong to the input method.
    if (event.isComposing || event.altKey) return;
    const last = options().length - 1;
    if (event.key === "ArrowDown") choose(chosen < last ? chosen + 1 : 0);
    else if (event.key === "ArrowUp") choose(chosen > 0 ? chosen - 1 : last);
    else if (event.key === "Enter") {
      const item = options()[chosen];
      if (item) take(item);
    } else return;
    event.preventDefault();
  });
}
