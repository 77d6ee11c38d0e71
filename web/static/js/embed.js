// The sidebar in another helpdesk: asks it for the conversation, asks the desk for what fits.
// Nobody is heard but the page that holds this one, if it is among the allowed, and the window in
// which the agent connects, which is our own and gives a token once.
import { acts } from "./embed_acts.js";
import { chatwoot } from "./embed_chatwoot.js";
import { desk } from "./embed_desk.js";
import { zendesk } from "./embed_zendesk.js";

const $ = (selector) => document.querySelector(selector);
const page = document.body.dataset;
const parents = JSON.parse(page.parents);
const words = JSON.parse(page.words);
const [state, fits] = [$("#state"), $("#fits")];

const UNHEARD_MS = 10_000; // after which a helpdesk that says nothing is told of
const RETRY_MS = 15_000;
const BUSY = [429, 503]; // more was asked of the desk than it can answer
const MAX_CHARACTERS = 60_000; // of a conversation, the newest: the desk asks about fewer
const AGAIN = ["unheard", "offline", "trouble"]; // where pressing a button may help
const CONNECT = ["connect_first", "ended", "blocked"]; // where the agent has to

let parent = ""; // the origin of the page that holds this one, once it has spoken
let asked = null; // the conversation that is open there
let wanted = ""; // for which one an answer is awaited, or on the page
let shown = ""; // the name of the conversation whose answer is on the page
let spoken = ""; // the customer's language
let said = "waiting";
let connecting = null; // the window in which the agent connects
let turn = 0; // of the questions to the desk: only the last one's answer counts
let retrying = 0;

// ---- what the page says

const speech = () => words[document.documentElement.lang] ?? words.en;

function say(name) {
  said = name;
  state.textContent = speech()[name] ?? "";
  state.classList.remove("visually-hidden");
  $("#again").hidden = !AGAIN.includes(name);
  $("#desk").hidden = name !== "alone";
  $("#connect").hidden = !CONNECT.includes(name);
  clearTimeout(retrying);
  if (name === "offline") retrying = setTimeout(look, RETRY_MS);
}

// As the reader likes it, once the desk has said who that is.
function person({ language, theme, keys }) {
  const root = document.documentElement;
  document.body.dataset.keys = keys;
  root.dataset.theme = theme;
  if (root.lang === language || !words[language]) return;
  root.lang = language;
  for (const item of document.querySelectorAll("[data-word]")) item.textContent = speech()[item.dataset.word];
  $("#find").placeholder = speech().find;
  state.textContent = speech()[said] ?? "";
}

function clear() {
  shown = "";
  fits.replaceChildren();
  $("#finding").hidden = true;
  doing.forget();
}

// ---- what fits

const home = desk({ renew: page.renew, person, ended: () => empty("ended") });

// Nothing stands here but the word why.
function empty(name) {
  turn += 1;
  wanted = "";
  clear();
  say(name);
}

async function look() {
  if (!parent) return;
  if (!home.connected()) return void empty(said === "ended" ? "ended" : "connect_first");
  if (!asked) return void empty("none");
  const mine = ++turn;
  wanted = JSON.stringify(asked);
  if (shown !== asked.conversation) clear(); // another's suggestions never stand beside this one
  say("looking");
  const { status, data } = await home.post(page.suggestions, { helpdesk: helpdesk.name, origin: parent, ...asked });
  if (mine !== turn || status === 401) return;
  if (status !== 200) say(status ? "trouble" : "offline");
  if (BUSY.includes(status)) retrying = setTimeout(look, RETRY_MS);
  if (status !== 200) return;
  const inside = fits.contains(document.activeElement);
  fits.innerHTML = data.html; // ours: the desk wrote and escaped it
  if (inside) $("#fits-title").focus();
  ({ spoken } = data);
  shown = asked.conversation;
  $("#finding").hidden = false;
  say("");
  state.textContent = $("#fits-title").textContent; // for who listens; the page shows it anyway
  state.classList.add("visually-hidden");
}

// The helpdesk says which conversation is open; null where none is.
function tell(conversation) {
  asked = conversation && { ...conversation, messages: newest(conversation.messages) };
  const known = home.connected() ? asked ? JSON.stringify(asked) === wanted : said === "none" : CONNECT.includes(said);
  if (!known) look();
}

function newest(messages) {
  let room = MAX_CHARACTERS;
  const kept = [];
  for (const message of messages.toReversed()) {
    if (room <= 0) break;
    kept.unshift({ ...message, text: message.text.slice(0, room) });
    room -= message.text.length;
  }
  return kept;
}

// ---- the helpdesk

// Zendesk says in the address who it is; whether that is true, the browser says with each message.
const asker = new URLSearchParams(location.search);
const guid = asker.get("app_guid");
const unheard = () => said === "waiting" && say("unheard");
const helpdesk =
  guid && parents.includes(asker.get("origin"))
    ? zendesk({ tell, unheard, guid, origin: asker.get("origin") })
    : chatwoot({ tell });
document.body.toggleAttribute("data-inserts", Boolean(helpdesk.insert));

const doing = acts({ helpdesk, post: home.post, page, say, speech, spoken: () => spoken, look });

addEventListener("message", (event) => {
  const heard = read(event.data);
  if (connecting !== null && event.source === connecting && event.origin === location.origin) {
    if (heard.type !== "faqdesk:token" || !parent) return;
    connecting = null; // once
    home.take(heard, parent);
    look();
  } else if (event.source === window.parent && window.parent !== window && parents.includes(event.origin)) {
    if (event.origin !== parent) {
      parent = event.origin;
      home.heldBy(parent);
      if (!home.connected()) look();
    }
    helpdesk.hear(heard);
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

$("#connect").addEventListener("click", () => {
  const url = new URL(page.connect, location.href);
  url.searchParams.set("parent", parent);
  connecting = window.open(url, "faqdesk-connect", "popup,width=480,height=640");
  if (connecting === null) say("blocked");
});

function again() {
  helpdesk.start();
  if (parent) look();
  else say("waiting");
}

$("#again").addEventListener("click", again);
addEventListener("online", () => said === "offline" && look());

if (window.parent === window) say("alone");
else {
  helpdesk.start();
  setTimeout(unheard, UNHEARD_MS);
}
