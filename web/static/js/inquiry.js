// The page of one open inquiry: what its parts do together, masks, the draft, sending.
import { $, $$, copy, get, onKeys, post } from "./desk.js";
import { dismissing } from "./dismissing.js";
import { Draft } from "./draft.js";
import { Inserting, formChooser } from "./inserting.js";
import { news } from "./news.js";
import { picker } from "./picker.js";
import { why } from "./why.js";

const form = $("#answer");
const field = $("#text");
const fits = $("#fits");
const messages = $("#messages");
const trouble = $("#trouble");
const masks = JSON.parse(form.dataset.masks);

// ---- inserting

const inserting = new Inserting(field, $("#undo"), () => $("#fitting"));
const chosenForm = formChooser($(".as"), () => asChosen());

// The buttons of suggested FAQs hold what they put in.
function asChosen() {
  for (const card of $$(".card-faq")) {
    $("[data-insert]", card).dataset.insert = JSON.parse(card.dataset.forms)[chosenForm()];
  }
}

function expectSuggested() {
  inserting.expect(
    $$(".card-faq").map((card) => ({
      slug: card.dataset.slug,
      mark: card.dataset.link || $("[data-insert]", card).dataset.insert,
      found: false,
    })),
  );
}

function insertFrom(button) {
  const card = button.closest("li");
  const { slug, link, past, reply } = card.dataset;
  const title = $(".card-title, .question", card).textContent;
  const what = slug ? { slug, link, form: chosenForm() } : past ? { past: Number(past) } : { reply: Number(reply) };
  inserting.insert(button.dataset.insert, { ...what, title });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (button) insertFrom(button);
});

// One that was found: its text is fetched as it is wanted.
async function insertFound(item) {
  if (item.reply) return inserting.insert(item.text, { reply: item.reply, title: item.title });
  const box = $("#find");
  const path = new URL(box.dataset.url, location.href).pathname;
  const faq = await get(`${path}/${encodeURIComponent(item.slug)}`).catch(() => null);
  if (!faq) return void (trouble.textContent = box.dataset.trouble);
  const suggested = $$(".card-faq").some((card) => card.dataset.slug === item.slug);
  const what = { slug: item.slug, link: faq.url, form: chosenForm(), found: !suggested };
  inserting.insert(faq.forms[chosenForm()], { ...what, title: item.title });
}

// ---- masks

function lookForMasks() {
  const found = masks.filter((mask) => field.value.includes(mask));
  $("#masks").hidden = !found.length;
  $("#masks-found").replaceChildren(
    ...found.map((mask) => Object.assign(document.createElement("mark"), { textContent: mask })),
  );
  // A word for some masks is none for those that come later.
  const all = masks.flatMap((mask) => Array(field.value.split(mask).length - 1).fill(mask)).join();
  const confirmed = form.elements.masks_confirmed;
  if (confirmed.value !== all) confirmed.checked = false;
  confirmed.value = all;
  return found.length > 0;
}

// ---- draft

const said = $("#saved");
const draft = new Draft(field, {
  url: form.dataset.draft,
  revision: Number(form.dataset.revision),
  saved: form.dataset.saved,
  held: sayHeld,
  tell(how, other) {
    const words = { saving: "saySaving", saved: "saySaved" }[how];
    if (words) said.textContent = form.dataset[words];
    else {
      said.textContent = form.dataset.sayRefused;
      const name = { offline: "sayOffline", busy: "sayBusy", signedOut: "saySignedOut", answered: "sayAnswered", joined: "sayJoined", newer: "sayNewer" }[how];
      trouble.textContent = name ? form.dataset[name] : "";
      if (how === "joined") leadTo(other);
    }
    // What a sending was refused for stays to be read.
    if (how === "saved" && trouble.dataset.of === "draft") trouble.textContent = "";
    if (!words) trouble.dataset.of = "draft";
    $("#keep-mine").hidden = $("#other-draft").hidden = how !== "newer";
    if (how === "newer") $("#other-draft .reply").textContent = other;
  },
});
$("#keep-mine").addEventListener("click", () => draft.insist());

field.addEventListener("input", lookForMasks);

// ---- sending

// Where the inquiry is answered that was joined to another one.
function leadTo(head) {
  trouble.append(" ", Object.assign(document.createElement("a"), { href: head, textContent: form.dataset.sayGo }));
}

// What is typed while the answer is under way would be in neither it nor the draft.
function sending(on) {
  $("#send").disabled = field.readOnly = draft.paused = on;
}

let copiedByHand = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  trouble.textContent = "";
  trouble.dataset.of = "sending";
  const confirmed = form.elements.masks_confirmed;
  if (lookForMasks() && !confirmed.checked) {
    trouble.textContent = form.dataset.sayConfirm;
    confirmed.focus();
    return;
  }
  if (field.readOnly) return;
  sending(true);
  if ("copies" in form.dataset && field.value.trim() && !copiedByHand && !(await copy(field.value))) {
    copiedByHand = true;
    trouble.textContent = form.dataset.sayNotCopied;
    field.select();
    sending(false);
    return;
  }
  const { status, data } = await post(form.action, new FormData(form));
  if (status === 200) {
    draft.over = true;
    location.assign(data.next);
    return;
  }
  sending(false);
  draft.save();
  if (data?.unseen) askNews();
  if (data?.holder) sayHeld(data);
  const refused = status === 403 ? form.dataset.saySignedOut : data?.detail;
  trouble.textContent = refused ?? form.dataset.sayOffline;
  if (data?.head) leadTo(data.head);
});

field.addEventListener("keydown", (event) => {
  if (event.code === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

// ---- who has it in hand; js/held.js shows it

function sayHeld({ holder, until = null }) {
  document.dispatchEvent(new CustomEvent("desk:held", { detail: { holder, until } }));
}

// ---- keys, and what changes while the page is open

onKeys({
  Slash: () => $("#find").focus(),
  KeyJ: () => $("[data-next]").click(),
  KeyK: () => $("[data-previous]").click(),
});
// Cards come and go: whose key it is, is looked up when it is pressed.
for (const digit of "123456789") {
  const press = (name) => () => {
    const button = $(`[data-key="${name}"]`);
    if (button) insertFrom(button);
  };
  onKeys({ [`Digit${digit}`]: press(digit), [`Shift+Digit${digit}`]: press(`Shift+${digit}`) });
}

const reasons = why(fits, messages);
const find = picker($("#find"), $("#found"), insertFound);
dismissing(fits, $("#chord"), { after: () => field.focus() });
const askNews = news(messages, {
  came() {
    asChosen();
    expectSuggested();
    reasons.look();
    find.forget();
  },
  ended: (head) => draft.end(head ? "joined" : "answered", head),
});

field.setSelectionRange(field.value.length, field.value.length);
expectSuggested();
lookForMasks();
