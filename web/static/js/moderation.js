// The moderation queue by keyboard: a class, a reason, hide or pass; answered with the next case.
import { $, $$, onKeys, post, say } from "./desk.js";
import { looks } from "./veil.js";
import "./submits.js";

const place = $("#moderation");
const trouble = $("#trouble");
const ROW = ["KeyQ", "KeyW", "KeyE", "KeyR", "KeyT"]; // the usual reasons of the class that is chosen
let busy = false; // a key that comes before the next case is there must not decide on it unseen

// ---- deciding

async function decide(form, button) {
  if (busy) return;
  if (!button?.formNoValidate && !form.reportValidity()) return;
  busy = true;
  trouble.textContent = "";
  const body = new FormData(form);
  if (button?.name) body.set(button.name, button.value);
  // Not form.action: that is the field of this name, where there is one.
  const { status, data } = await post(form.getAttribute("action"), body);
  busy = false;
  if (data?.reload) {
    location.reload();
  } else if (data?.html) {
    place.innerHTML = data.html; // our own template, its values escaped
    say(data.said);
    begin();
    scrollTo({ top: 0 });
  } else {
    trouble.textContent = data?.errors?.reason ?? data?.detail ?? (status ? String(status) : place.dataset.sayOffline);
  }
}

place.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-decide]");
  if (!form) return;
  event.preventDefault();
  // Enter in the reason decides as the class does: normal stays visible, any other is hidden.
  const typed = event.submitter === null || document.activeElement?.name === "reason";
  decide(form, typed && !form.hasAttribute("data-appeal") ? null : event.submitter);
});

// ---- the class, and its usual reasons

const chosen = () => $("input[name=label]:checked", place)?.value;
const usual = () => $$(`[data-usual="${chosen()}"] input`, place);

function classChosen() {
  for (const box of $$("input[name=usual]", place)) {
    const mine = box.closest("[data-usual]").dataset.usual === chosen();
    box.disabled = !mine;
    if (!mine) box.checked = false;
  }
  // A form that the browser sends itself: what is missing is said before the page is left.
  const plain = $("form.deciding:not([data-decide]) [name=reason]", place);
  if (plain) plain.required = !$("input[name=usual]:checked", place);
  const hide = $("[data-key=KeyH]", place);
  if (hide) hide.disabled = chosen() === "normal";
}

place.addEventListener("change", (event) => {
  if (["label", "usual"].includes(event.target.name)) classChosen();
});

// ---- keys

const press = (key) => () => {
  const found = $(`[data-key="${key}"]`, place);
  if (found && !found.disabled) found.click();
};
const keys = { Slash: () => $("[data-slash]", place)?.focus(), KeyZ: press("KeyU") };
for (const key of ["KeyH", "KeyP", "KeyA", "KeyO", "KeyS", "KeyU", "KeyB", "KeyG"]) keys[key] = press(key);
for (let number = 1; number <= 6; number++) keys[`Digit${number}`] = press(`Digit${number}`);
ROW.forEach((key, rank) => (keys[key] = () => usual()[rank]?.click()));
onKeys(keys);

// ---- each case

function begin() {
  looks(place);
  classChosen();
}

begin();
