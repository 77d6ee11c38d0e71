// Who has the inquiry on the screen: claims it while somebody is at work on it, tells when a
// colleague has it, and gives it back when the page is left.
import { $, get, onKeys, post } from "./desk.js";

const RENEW = 3 * 60 * 1000; // ms: no sign of life is told more often
const PAUSE = 150; // ms without a key, before tags are asked for

let claimed = 0; // when the desk last heard of us
let mine = false;
let until = null; // null where nobody else may have it without taking it over: kept, or not ours
let asking = false; // a claim is on its way
let held = Boolean($("#holder"));

// ---- claiming

async function claim() {
  if (!held || document.hidden) return;
  claimed = Date.now();
  asking = true;
  const { status, data } = await post($("#holder").dataset.claim, {});
  asking = false;
  if (status === 200) show(data);
  else if (status === 409 || status === 404) held = false; // answered meanwhile: nothing to hold
  else claimed = 0; // the desk does not answer: the next sign of life asks again
}

function show(state) {
  mine = state.mine;
  until = state.until;
  const fresh = new DOMParser().parseFromString(state.html, "text/html").querySelector("#holder");
  const old = $("#holder");
  // What is being typed or chosen there is left alone, as long as it says the same.
  if (fresh.dataset.state === old.dataset.state) return lastActive($(".held-words", fresh)?.textContent);
  const at = old.contains(document.activeElement) ? document.activeElement.id : "";
  old.replaceWith(document.adoptNode(fresh));
  if (at) document.getElementById(at)?.focus();
}

// How long ago a colleague was active goes on while everything else stays.
function lastActive(words) {
  const line = $("#holder .held-words");
  if (line && words && line.textContent !== words) line.textContent = words;
}

// Reading and typing renew the claim; a page that is left open alone loses it in ten minutes.
for (const name of ["pointermove", "keydown", "scroll", "focus"]) {
  addEventListener(name, () => Date.now() - claimed > RENEW && claim(), { capture: true, passive: true });
}
document.addEventListener("visibilitychange", () => Date.now() - claimed > RENEW && claim());
addEventListener("pageshow", (event) => event.persisted && claim());

// The page's own requests hear of it too: {holder: somebody else's name or "", until}.
document.addEventListener("desk:held", ({ detail }) => {
  if (!held) return;
  if (detail.until) until = detail.until; // as a save of this page renewed it, never another's
  if (detail.words) lastActive(detail.words);
  if ((detail.holder ?? "") !== $("#holder").dataset.holder) claim();
});

// Another window of one's own let its claim go, which was this one's too: it is claimed again, now
// or as soon as somebody looks.
const windows = new BroadcastChannel("desk:held");
windows.addEventListener("message", ({ data }) => {
  if (data !== location.pathname) return;
  claimed = 0;
  claim();
});

addEventListener("pagehide", () => {
  // Left before its first claim is answered, a page cannot know until when that runs.
  const known = mine && until;
  if (held && (known || asking)) {
    post($("#holder").dataset.letGo, { until: asking ? null : until }, { last: true });
    windows.postMessage(location.pathname);
  }
});

// ---- the strip's own forms, without leaving the page

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("#holder form[data-inplace]");
  if (!form) return;
  event.preventDefault();
  if (form.matches(".tagging") && !event.submitter?.name && !form.elements.add.value.trim()) return;
  const { status, data } = await post(form.action, new FormData(form, event.submitter));
  if (data?.next) location.assign(data.next);
  else if (status === 200) {
    show(data);
    if (form.matches(".tagging")) $("#tag-box").focus();
  } else if (data?.detail) $("#holder-trouble").textContent = data.detail;
});

// ---- tags, completed

let timer = 0;

async function complete(box) {
  const url = new URL(box.dataset.url, location.href);
  url.searchParams.set("q", box.value.trim());
  const found = await get(url).catch(() => null);
  const options = (found?.tags ?? []).map(({ tag }) => new Option(tag, tag));
  $("#known-tags").replaceChildren(...options);
}

for (const name of ["focusin", "input"]) {
  document.addEventListener(name, (event) => {
    if (event.target.id !== "tag-box" || event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(() => complete(event.target), name === "input" ? PAUSE : 0);
  });
}

// ---- keys

function open(id) {
  const menu = $(`#${id}`);
  if (!menu) return;
  menu.open = true;
  $("button", menu).focus();
}

if (held) {
  const press = (key) => () => $(`#holder [data-key=${key}]`)?.click();
  onKeys({
    KeyG: press("KeyG"),
    KeyM: press("KeyM"),
    KeyN: press("KeyN"),
    KeyH: () => open("hand-over"),
    KeyS: () => open("snooze"),
    KeyT: () => $("#tag-box").focus(),
  });
  claim();
}
