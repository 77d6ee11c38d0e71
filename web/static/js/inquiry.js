// The page of one open inquiry: inserting, dismissing, drafts, sending.
import { $, $$, copy, onKeys, post } from "./desk.js";
import { Draft } from "./draft.js";
import { picker } from "./picker.js";

const form = $("#answer");
const field = $("#text");
const fits = $("#fits");
const trouble = $("#trouble");
const masks = JSON.parse(form.dataset.masks);

// ---- inserting

// Puts text at the cursor, on lines of its own. Typed text is never replaced, not even a selection,
// and Ctrl+Z takes it back: execCommand is the one way that keeps a textarea's undo.
function insert(text) {
  field.focus();
  const at = field.selectionEnd;
  field.setSelectionRange(at, at);
  const [before, after] = [field.value.slice(0, at), field.value.slice(at)];
  const whole = (before && !before.endsWith("\n") ? "\n" : "") + text + (after.startsWith("\n") ? "" : "\n");
  if (!document.execCommand("insertText", false, whole)) {
    field.setRangeText(whole, at, at, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (button) insert(button.dataset.insert);
});

// Which suggested FAQs stand in the draft; the desk hears when one comes or goes.
const suggested = $$(".card-faq").map((card) => ({
  slug: card.dataset.slug,
  text: $("[data-insert]", card).dataset.insert,
  there: false,
}));

function lookForSuggested({ quietly = false } = {}) {
  for (const item of suggested) {
    const there = field.value.includes(item.text);
    if (there !== item.there && !quietly) {
      post(fits.dataset.inserted, { slug: item.slug, undone: !there });
    }
    item.there = there;
  }
}

// ---- masks

function lookForMasks() {
  const found = masks.filter((mask) => field.value.includes(mask));
  $("#masks").hidden = !found.length;
  $("#masks-found").replaceChildren(
    ...found.map((mask) => Object.assign(document.createElement("mark"), { textContent: mask })),
  );
  if (!found.length) form.elements.masks_confirmed.checked = false;
  return found.length > 0;
}

// ---- draft

const said = $("#saved");
const draft = new Draft(field, {
  url: form.dataset.draft,
  revision: Number(form.dataset.revision),
  saved: form.dataset.saved,
  tell(how) {
    const words = { saving: "saySaving", saved: "saySaved" }[how];
    if (words) said.textContent = form.dataset[words];
    else {
      said.textContent = form.dataset.sayRefused;
      const name = { offline: "sayOffline", signedOut: "saySignedOut", answered: "sayAnswered", newer: "sayNewer" }[how];
      trouble.textContent = name ? form.dataset[name] : "";
    }
    if (how === "saved") trouble.textContent = "";
    $("#keep-mine").hidden = how !== "newer";
  },
});
$("#keep-mine").addEventListener("click", () => draft.insist());

field.addEventListener("input", () => {
  lookForSuggested();
  lookForMasks();
});

// ---- sending

let copiedByHand = false;

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  trouble.textContent = "";
  const confirmed = form.elements.masks_confirmed;
  if (lookForMasks() && !confirmed.checked) {
    trouble.textContent = form.dataset.sayConfirm;
    confirmed.focus();
    return;
  }
  const button = $("#send");
  if (button.disabled) return;
  button.disabled = true;
  if ("copies" in form.dataset && field.value.trim() && !copiedByHand && !(await copy(field.value))) {
    copiedByHand = true;
    trouble.textContent = form.dataset.sayNotCopied;
    field.select();
    button.disabled = false;
    return;
  }
  const { status, data } = await post(form.action, new FormData(form));
  if (status === 200) {
    draft.over = true;
    location.assign(data.next);
    return;
  }
  button.disabled = false;
  const refused = status === 403 ? form.dataset.saySignedOut : data?.detail;
  trouble.textContent = refused ?? form.dataset.sayOffline;
});

field.addEventListener("keydown", (event) => {
  if (event.code === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});

// ---- dismissing

fits.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-dismiss]");
  if (!button) return;
  const card = button.closest(".card-faq");
  const { status } = await post(fits.dataset.dismissed, {
    slug: card.dataset.slug,
    reason: button.dataset.dismiss,
  });
  button.closest("details").open = false;
  if (status !== 204) return;
  card.classList.add("dismissed");
  $("summary", card).textContent = button.textContent;
  field.focus();
});

// ---- keys

const keys = {
  Slash: () => $("#find").focus(),
  KeyJ: () => $("[data-next]").click(),
  KeyK: () => $("[data-previous]").click(),
};
for (const button of $$("[data-key]")) {
  const name = button.dataset.key.replace(/\d$/, (digit) => `Digit${digit}`);
  keys[name] = () => insert(button.dataset.insert);
}
onKeys(keys);
picker($("#find"), $("#found"), insert);

field.setSelectionRange(field.value.length, field.value.length);
lookForSuggested({ quietly: true });
lookForMasks();
