// Why an FAQ is suggested: its words marked in what the customer wrote, while its card is pointed
// at, has the focus, or is open at "Why"; and the past answers that linked it.
import { $, $$, get, onKeys } from "./desk.js";

export function why(fits, messages) {
  let shown = null;

  function mark(card) {
    if (card === shown) return;
    shown = card;
    for (const words of $$(".words", messages)) {
      if ($("mark.why", words)) words.textContent = words.textContent; // as it was
    }
    if (!card) return;
    for (const [id, spans] of Object.entries(JSON.parse(card.dataset.marks || "{}"))) {
      const words = $(`[data-message="${id}"] .words`, messages);
      if (words) words.replaceChildren(...pieces(words.textContent, spans));
    }
    reveal();
  }

  // The first marked word is brought into the messages' own window; the page does not move.
  function reveal() {
    const first = $("mark.why", messages);
    if (!first || messages.scrollHeight <= messages.clientHeight) return;
    const [box, word] = [messages.getBoundingClientRect(), first.getBoundingClientRect()];
    if (word.top < box.top || word.bottom > box.bottom) messages.scrollTop += word.top - box.top - 24;
  }

  const opened = () => $("details.why[open]", fits)?.closest(".card-faq") ?? null;
  const pointed = () => $(".card-faq:hover", fits) ?? document.activeElement?.closest?.(".card-faq");
  const look = () => mark(pointed() ?? opened());

  fits.addEventListener("pointerover", look);
  fits.addEventListener("pointerleave", look);
  fits.addEventListener("focusin", look);
  fits.addEventListener("focusout", () => setTimeout(look));
  fits.addEventListener("toggle", look, true); // does not bubble

  fits.addEventListener("click", async (event) => {
    const link = event.target.closest("[data-linked]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const box = link.nextElementSibling;
    if (!box.hidden) return void (box.hidden = true);
    const found = box.firstChild ? true : await get(link.href).catch(() => null);
    if (!found) return void (location.href = link.href);
    if (found.html) box.innerHTML = found.html; // the desk's own template
    box.hidden = false;
  });

  // w: the first card's reasons, then the next one's, then none.
  onKeys({
    KeyW: () => {
      const all = $$("details.why", fits);
      const here = all.findIndex((one) => one.open);
      all.forEach((one, at) => (one.open = at === here + 1));
      all[here + 1]?.scrollIntoView({ block: "nearest" });
    },
  });

  return { look: () => ((shown = null), look()) };
}

function pieces(text, spans) {
  const found = [];
  let at = 0;
  for (const [start, end, strength] of spans) {
    const word = document.createElement("mark");
    word.className = `why s${strength}`;
    word.textContent = text.slice(start, end);
    found.push(text.slice(at, start), word);
    at = end;
  }
  return [...found, text.slice(at)];
}
