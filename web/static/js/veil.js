// Pictures stay blurred until somebody wants to see them; each person's browser remembers how.
import { $$ } from "./desk.js";

// Two choices, "clear" and "grey", kept for the person who is signed in.
const name = (root, look) => `faqdesk.${look}.${root.dataset.person}`;

function wanted(root, look) {
  try {
    return localStorage.getItem(name(root, look)) === "1";
  } catch {
    return false; // no storage allowed: blurred it is
  }
}

function remember(root, look, on) {
  try {
    localStorage.setItem(name(root, look), on ? "1" : "0");
  } catch {
    // it counts for this page then
  }
}

function show(root, look, on) {
  root.classList.toggle(`pictures-${look}`, on);
  for (const button of $$(`[data-look="${look}"]`, root)) button.setAttribute("aria-pressed", on);
}

// Bring a page's pictures to what its person chose, also those that came just now.
export function looks(root) {
  for (const look of ["clear", "grey"]) show(root, look, wanted(root, look));
  if (root.dataset.looks) return;
  root.dataset.looks = "1";
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-look]");
    if (button) {
      const look = button.dataset.look;
      const on = !root.classList.contains(`pictures-${look}`);
      remember(root, look, on);
      show(root, look, on);
    }
    const veil = event.target.closest("[data-veil]");
    if (veil) veil.setAttribute("aria-pressed", veil.getAttribute("aria-pressed") !== "true");
  });
}
