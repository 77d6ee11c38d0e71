// Whether the customer wrote again: new messages appear in place, and what fits now, while the
// draft stays untouched. The desk is asked from time to time, as long as somebody looks.
import { $, get, say } from "./desk.js";

const EVERY = 20_000; // ms

// `came` is called after new suggestions were put in; `ended` when somebody else answered.
export function news(messages, { came, ended }) {
  let timer = 0;
  let asking = false;

  async function ask() {
    clearTimeout(timer);
    if (document.visibilityState === "visible" && !asking) {
      asking = true;
      const url = new URL(messages.dataset.news, location.href);
      url.searchParams.set("shown", $("#shown").value);
      const found = await get(url).catch(() => null);
      asking = false;
      if (found) {
        if (found.status !== "open") return ended(found.head);
        const { holder, held_words: words } = found;
        document.dispatchEvent(new CustomEvent("desk:held", { detail: { holder, words } }));
        if (found.fresh !== undefined) show(found);
      }
    }
    timer = setTimeout(ask, EVERY);
  }

  function show(found) {
    $("#shown").value = found.shown;
    for (const id of found.gone) $(`[data-message="${id}"]`, messages)?.remove();
    messages.insertAdjacentHTML("beforeend", found.fresh); // the desk's own templates
    messages.lastElementChild?.scrollIntoView({ block: "nearest" });
    replace("#fitting", found.fits, "#fits-title");
    replace("#past", found.past, "#fits-title");
    replace("#goes-to", found.goes_to, "#text");
    count("#fits", ".card-faq");
    count("#past", ".card-past");
    say(found.said);
    came();
  }

  document.addEventListener("visibilitychange", ask);
  addEventListener("focus", ask);
  timer = setTimeout(ask, EVERY);
  return ask;
}

// What has the focus may go with the old; then the head of the new one has it.
function replace(selector, html, head) {
  const old = $(selector);
  const held = old.contains(document.activeElement);
  const made = document.createElement("template");
  made.innerHTML = html;
  old.replaceWith(made.content);
  if (held) $(head).focus();
}

// The numbers in the phone's bar.
function count(place, cards) {
  const link = $(`.jump a[href="${place}"]`);
  if (!link) return;
  $(".count", link)?.remove();
  const found = document.querySelectorAll(`${place} ${cards}`).length;
  if (!found) return;
  const number = document.createElement("span");
  number.className = "count";
  number.textContent = found;
  link.append(" ", number);
}
