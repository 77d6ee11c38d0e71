// The form of an FAQ: those that are there already and say the like, shown as the title is typed.
import { $, get } from "./desk.js";

const PAUSE = 250; // ms without a key

const form = $("#faq");
const near = $("#near");
let timer = 0;
let asked = new AbortController();

async function look() {
  asked.abort();
  asked = new AbortController();
  const url = new URL(form.dataset.near, location.href);
  url.searchParams.set("title", form.elements.title.value);
  const found = await get(url, asked.signal).catch(() => null);
  if (found) near.innerHTML = found.html; // our own template, its values escaped
}

form.elements.title.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(look, PAUSE);
});
