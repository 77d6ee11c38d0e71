// Saying that a suggestion does not fit, and why: by its menu, or by x and a letter.
import { $, $$, onKeys, post, say } from "./desk.js";

export function dismissing(fits, chord, { after }) {
  let card = null;
  let back = null; // where the cursor was

  const cards = () => $$(".card-faq", fits);
  const left = () => cards().filter((one) => !one.classList.contains("dismissed"));

  // Answers the card once the desk knows: another may stand in its place by then. Else says so.
  async function note(which, body) {
    const { slug } = which.dataset;
    const { status } = await post($("#fitting", fits).dataset.dismissed, { slug, ...body });
    const trouble = $("#trouble");
    if (status !== 204) trouble.textContent = chord.dataset.trouble;
    else if (trouble.textContent === chord.dataset.trouble) trouble.textContent = "";
    return status === 204 ? cards().find((one) => one.dataset.slug === slug) : null;
  }

  async function dismiss(which, reason, words) {
    const there = await note(which, { reason });
    if (!there) return;
    there.classList.add("dismissed");
    $("[data-why]", there).textContent = words;
    look();
    say(`${chord.dataset.done} ${words}`);
  }

  async function takeBack(which) {
    const there = await note(which, { undone: true });
    if (!there) return;
    there.classList.remove("dismissed");
    look();
    $(".dismiss summary", there).focus();
    say(chord.dataset.back);
  }

  // What is promised of all of them holds no more without one.
  function look() {
    const all = left().length === cards().length;
    for (const words of $$("[data-together]", fits)) words.hidden = !all;
    for (const words of $$("[data-none-left]", fits)) words.hidden = left().length > 0;
  }

  // New cards came while a reason was asked for: the letter would fall on another.
  new MutationObserver(() => chord.hidden || close()).observe(fits, { childList: true });

  fits.addEventListener("click", (event) => {
    const button = event.target.closest("[data-back]");
    if (button) takeBack(button.closest(".card-faq"));
  });

  fits.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-dismiss]");
    if (!button) return;
    button.closest("details").open = false;
    await dismiss(button.closest(".card-faq"), button.dataset.dismiss, words(button));
    after();
  });

  // ---- x, and a letter

  function choose(which) {
    card?.classList.remove("chosen");
    card = which;
    card.classList.add("chosen");
    $("[data-card]", chord).textContent = $(".card-title", card).textContent;
  }

  function open() {
    const first = document.activeElement?.closest?.(".card-faq") ?? left()[0];
    if (!first || !$("#fitting", fits).dataset.dismissed) return;
    back = document.activeElement;
    choose(first);
    chord.hidden = false;
    chord.focus(); // away from the text: in Hangul mode a letter would be typed all the same
  }

  function close() {
    chord.hidden = true;
    card?.classList.remove("chosen");
    if (back?.isConnected && back !== document.body) back.focus();
    else chord.blur();
  }

  function take(button) {
    const which = card;
    close();
    dismiss(which, button.dataset.reason, words(button));
  }

  chord.addEventListener("click", (event) => {
    const button = event.target.closest("[data-reason]");
    if (button) take(button);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!chord.hidden && !chord.contains(event.target)) close();
  });

  // While it is open every key is its own, before any other listener sees it.
  addEventListener(
    "keydown",
    (event) => {
      if (chord.hidden || ["Shift", "Alt", "Control", "Meta", "Tab"].includes(event.key)) return;
      if (event.code === "Enter" && event.target.closest("[data-reason]")) return;
      event.stopImmediatePropagation();
      event.preventDefault();
      const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
      const button = $(`[data-code="${event.code}"]`, chord);
      const other = digit && cards()[digit - 1];
      if (button) take(button);
      else if (other) choose(other);
      else if (!digit) close();
    },
    true,
  );
  onKeys({ KeyX: open });
}

// Without the key that stands beside them.
function words(button) {
  return [...button.childNodes].filter((node) => node.nodeName === "#text").map((node) => node.data).join("").trim();
}
