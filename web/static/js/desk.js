// What every page shares: requests, keys, copying, menus, the inbox list.
import { copy } from "./copying.js";
import { onKeys, TEXT_FIELD } from "./keys.js";

export { copy, onKeys };

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export function say(words) {
  $("#said").textContent = words;
}

// ---- requests

const SPOKEN = document.documentElement.lang; // a busy desk does not look up who asks
export const BUSY = [429, 503]; // more was asked of the desk than it can answer

// POST JSON or a form. Answers {status, data}; status 0 where the desk did not answer. `after` is
// in how many ms a busy desk wants to be asked again.
export async function post(url, body, { last = false } = {}) {
  const first = await once(url, body, last);
  // A page may outlive the session its token was made in: take a fresh one, then ask again.
  if (![400, 403].includes(first.status) || !(await freshToken())) return first;
  return once(url, body, last);
}

async function once(url, body, last) {
  const form = body instanceof FormData;
  const headers = { Accept: "application/json", "Accept-Language": SPOKEN, "X-CSRFToken": document.body.dataset.csrf };
  if (form) body.set("csrf_token", document.body.dataset.csrf);
  else headers["Content-Type"] = "application/json";
  try {
    const response = await fetch(url, {
      method: "POST", headers, body: form ? body : JSON.stringify(body), keepalive: last,
    });
    const json = (response.headers.get("Content-Type") ?? "").includes("json");
    const after = 1000 * (Number(response.headers.get("Retry-After")) || 0);
    return { status: response.status, data: json ? await response.json() : null, after };
  } catch {
    return { status: 0, data: null, after: 0 };
  }
}

// GET JSON; null where the answer is anything else, such as the page to sign in.
export async function get(url, signal) {
  const headers = { Accept: "application/json", "Accept-Language": SPOKEN };
  const response = await fetch(url, { headers, signal });
  const json = (response.headers.get("Content-Type") ?? "").includes("json");
  return response.ok && json ? response.json() : null;
}

async function freshToken() {
  const found = await get(document.body.dataset.csrfUrl).catch(() => null);
  const changed = found !== null && found.token !== document.body.dataset.csrf;
  if (changed) document.body.dataset.csrf = found.token;
  return changed;
}

// ---- copying

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) {
    const done = await copy(button.dataset.copy);
    const words = done ? $("#said").dataset.copied : $("#said").dataset.notCopied;
    say(words);
    const before = button.textContent;
    button.textContent = words;
    setTimeout(() => (button.textContent = before), 1500);
  }
  const opens = event.target.closest("[data-opens]");
  if (opens) document.getElementById(opens.dataset.opens).showModal();
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  const menu = $("details.menu[open]");
  if (menu) {
    menu.open = false;
    $("summary", menu).focus();
  } else if (event.target.closest(TEXT_FIELD)) {
    event.target.blur();
  }
});

onKeys({ "Shift+Slash": () => $("#keys").showModal() });

// ---- the inbox list, and the search page's box

function step(by) {
  const links = $$(".row-link");
  if (!links.length) return;
  const here = links.indexOf(document.activeElement);
  const next = here < 0 ? (by > 0 ? 0 : links.length - 1) : here + by;
  links[Math.max(0, Math.min(links.length - 1, next))].focus();
}

if ($(".row-link")) onKeys({ KeyJ: () => step(1), KeyK: () => step(-1) });

if ($(".places")) {
  onKeys({
    Slash: () => {
      if ($("#find, [data-slash]")) return; // asked for now: a queue puts its box in and takes it out
      if ($("#q")) $("#q").select();
      else location.href = "/search";
    },
  });
}

// ---- on a phone the places are wider than the screen: the one being shown is brought into sight

for (const here of $$(".places [aria-current], .place-tabs [aria-current]")) {
  const row = here.parentElement;
  const [inside, outside] = [here.getBoundingClientRect(), row.getBoundingClientRect()];
  row.scrollLeft += inside.left - outside.left - (outside.width - inside.width) / 2;
}
