// The sidebar in another helpdesk: asks it for the conversation, asks the desk for what fits.
// Nobody is heard but the page that holds this one, if it is among the allowed, and the window in
// which the agent connects, which is our own.
import { chatwoot } from "./embed_chatwoot.js";
import { zendesk } from "./embed_zendesk.js";
import { copy } from "./copying.js";

const $ = (selector) => document.querySelector(selector);
const page = document.body.dataset;
const parents = JSON.parse(page.parents);
const state = $("#state");
const KEPT = "faqdesk.sidebar"; // helpdesks load the page anew for each conversation
const RENEW_MS = 30 * 60_000; // before a token ends

let origin = ""; // of the page that holds this one, once it has spoken
let asked = null; // the conversation that is open there
let shown = ""; // for which one there is an answer on the page
let connecting = null; // the window in which the agent connects
let turn = 0;

const say = (name) => (state.textContent = name ? state.dataset[name] : "");

// ---- the token; no cookie counts here

let token = kept();

function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT));
    return found && Date.parse(found.expires) > Date.now() ? found : null;
  } catch {
    return null;
  }
}

function keep(found) {
  token = found;
  try {
    if (found) sessionStorage.setItem(KEPT, JSON.stringify(found));
    else sessionStorage.removeItem(KEPT);
  } catch {
    // A browser may forbid it: then the token lives as long as the page.
  }
}

async function post(url, body) {
  const headers = {
    Accept: "application/json", "Content-Type": "application/json", Authorization: `Bearer ${token?.token}`,
  };
  try {
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "omit" });
    if (answer.status === 401) keep(null);
    const json = (answer.headers.get("Content-Type") ?? "").includes("json");
    return { status: answer.status, data: json ? await answer.json() : null };
  } catch {
    return { status: 0, data: null };
  }
}

async function renew() {
  if (!token || Date.parse(token.expires) - Date.now() > RENEW_MS) return;
  const { status, data } = await post(page.renew, {});
  if (status === 200) keep({ token: data.token, expires: data.expires_at });
}

// ---- what fits

async function look() {
  const mine = ++turn;
  $("#again").hidden = true;
  await renew();
  if (mine !== turn) return;
  $("#connecting").hidden = Boolean(token);
  if (!token) {
    $("#fits").replaceChildren();
    return void say("");
  }
  if (!asked) return void say("waiting");
  say("looking");
  const what = { helpdesk: helpdesk.name, origin, ...asked };
  const { status, data } = await post(page.suggestions, what);
  if (mine !== turn) return;
  if (status === 401) return void look();
  if (status !== 200) {
    state.textContent = data?.detail ?? state.dataset.trouble;
    $("#again").hidden = false;
    return;
  }
  say("");
  $("#fits").innerHTML = data.html; // ours: the desk wrote and escaped it
  shown = JSON.stringify(asked);
}

function tell(conversation) {
  asked = conversation;
  if (JSON.stringify(asked) !== shown) look();
}

// ---- the helpdesk

// Zendesk says in the address who it is; whether that is true, the browser says with each message.
const asker = new URLSearchParams(location.search);
const guid = asker.get("app_guid");
const helpdesk =
  guid && parents.includes(asker.get("origin"))
    ? zendesk({ tell, guid, origin: asker.get("origin") })
    : chatwoot({ tell });
document.body.toggleAttribute("data-inserts", Boolean(helpdesk.insert));

addEventListener("message", (event) => {
  const said = read(event.data);
  const above = event.source === window.parent && window.parent !== window && parents.includes(event.origin);
  const own = connecting !== null && event.source === connecting && event.origin === location.origin;
  if (said.type === "faqdesk:token" && (own || above)) {
    keep({ token: String(said.token), expires: String(said.expires) });
    shown = "";
    look();
  } else if (above) {
    origin = event.origin;
    helpdesk.hear(said);
  }
});

function read(data) {
  if (typeof data !== "string") return data ?? {};
  try {
    return JSON.parse(data) ?? {};
  } catch {
    return {};
  }
}

// ---- what the agent does

$("#connect").addEventListener("click", () => {
  connecting = window.open(page.connect, "faqdesk-connect", "popup,width=480,height=640");
  if (connecting === null) say("blocked");
});
$("#again").addEventListener("click", look);

async function take(button) {
  const card = button.closest("li");
  const text = button.dataset.take;
  const put = helpdesk.insert ? await helpdesk.insert(text).then(() => "inserted", () => "") : "";
  const done = put || ((await copy(text)) ? "copied" : "notCopied");
  say(done === "notCopied" || !("masked" in button.dataset) ? done : "masked");
  if (done === "notCopied") return;
  const { slug, past } = card.dataset;
  await post($("#fitting").dataset.inserted, slug ? { slug, form: button.dataset.form } : { past: Number(past) });
}

async function dismiss(button, undone) {
  const card = button.closest("li");
  const what = { slug: card.dataset.slug, undone, reason: button.dataset.dismiss ?? "" };
  const { status, data } = await post($("#fitting").dataset.dismissed, what);
  if (status !== 204) return void (state.textContent = data?.detail ?? state.dataset.trouble);
  card.classList.toggle("dismissed", !undone);
  card.querySelector("[data-dismiss]").hidden = !undone;
  card.querySelector("[data-back]").hidden = undone;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("#fitting button");
  if (!button) return;
  if ("take" in button.dataset) take(button);
  else dismiss(button, "back" in button.dataset);
});

if (window.parent === window) say("alone");
else {
  helpdesk.start();
  look();
}
