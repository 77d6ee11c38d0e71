// The review queue by keyboard: one row at a time, each decision answered with the next row.
import { $, onKeys, post, say } from "./desk.js";
import "./submits.js";
import { picker } from "./picker.js";

const place = $("#review");
const trouble = $("#trouble");
let busy = false; // a key that comes before the next row is there must not decide on it unseen

function begin() {
  const box = $("#find");
  const take = ({ text: path }) => decide($("[data-decide]", place), { path });
  if (box) picker(box, $("#found"), take, (data) => [{ words: "", items: data.found }]);
}

async function decide(form, values) {
  if (busy) return;
  busy = true;
  trouble.textContent = "";
  const body = new FormData();
  for (const [name, value] of Object.entries(values)) body.set(name, value);
  const { status, data } = await post(form.action, body);
  busy = false;
  if (status !== 200) {
    trouble.textContent = data?.detail ?? place.dataset.sayOffline;
  } else if (data.reload) {
    location.reload();
  } else {
    place.innerHTML = data.html; // our own template, its values escaped
    say(place.dataset.saySaved);
    begin();
  }
}

place.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-decide]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  decide(form, button?.name ? { [button.name]: button.value } : {});
});

const press = (key) => () => $(`[data-key="${key}"]`, place)?.click();
const keys = { Slash: () => $("#find")?.focus() };
for (const key of ["Digit1", "Digit2", "Digit3", "KeyS", "KeyU"]) keys[key] = press(key);
onKeys(keys);


begin();
