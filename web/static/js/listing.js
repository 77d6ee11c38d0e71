// The page of a single listing: pictures dropped in, and its categories as one types.
import { $, $$, post } from "./desk.js";
import { onDrop } from "./dropping.js";

const PAUSE = 250; // ms without a key

const form = $("#listing");
const drop = $("#drop");
const thumbs = $("#thumbs");
const trouble = $("#trouble"); // of pictures: it stays until the next are added
const silence = $("#silence"); // of suggestions
const guesses = $("#guesses");

// ---- suggestions

let timer = 0;
let asked = 0; // the number of the newest question: older answers are dropped

function later() {
  clearTimeout(timer);
  timer = setTimeout(suggest, PAUSE);
}

async function suggest() {
  if ("missing" in form.dataset) return;
  const mine = ++asked;
  guesses.setAttribute("aria-busy", "true");
  const { status, data } = await post(form.dataset.suggest, {
    title: form.elements.title.value,
    description: form.elements.description.value,
    price: form.elements.price.value,
    pictures: $$("[data-name]", thumbs).map((item) => item.dataset.name),
  });
  if (mine !== asked) return;
  guesses.removeAttribute("aria-busy");
  silence.textContent = status === 200 ? "" : (data?.detail ?? form.dataset.sayOffline);
  if (status === 200) guesses.innerHTML = data.html; // our own template, its values escaped
}

form.addEventListener("input", (event) => event.target.type !== "file" && later());
form.addEventListener("submit", (event) => event.preventDefault());

// ---- pictures

async function add(files) {
  const wrong = [];
  trouble.textContent = "";
  for (const file of files) {
    if (thumbs.children.length >= Number(form.dataset.max)) {
      wrong.push(form.dataset.sayMany);
      break;
    }
    const item = document.createElement("li");
    item.className = "waiting";
    thumbs.append(item);
    const body = new FormData();
    body.set("picture", file, file.name);
    const { status, data } = await post(form.dataset.pictures, body);
    if (status === 201) show(item, data.name);
    else {
      item.remove();
      wrong.push(data?.detail ?? form.dataset.sayOffline);
    }
  }
  trouble.textContent = wrong.join("\n");
  if ($("[data-name]", thumbs)) suggest();
}

function show(item, name) {
  item.className = "";
  item.dataset.name = name;
  const image = new Image();
  image.src = `${form.dataset.pictures}/${name}`;
  image.alt = "";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "×";
  button.setAttribute("aria-label", form.dataset.sayRemove);
  button.addEventListener("click", () => {
    item.remove();
    post(`${form.dataset.pictures}/${name}/remove`, {});
    suggest();
  });
  item.append(image, button);
}

$("#pictures").addEventListener("change", (event) => {
  add([...event.target.files]);
  event.target.value = "";
});

// Anywhere on the page: a picture that misses the frame must not replace the page.
onDrop(drop, (files) => add([...files]));
document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])];
  if (!files.length) return;
  event.preventDefault();
  add(files);
});

addEventListener("pagehide", () => {
  for (const item of $$("[data-name]", thumbs)) {
    post(`${form.dataset.pictures}/${item.dataset.name}/remove`, {}, { last: true });
  }
});
// Back from the browser's memory, the pictures that were taken away on leaving are gone.
addEventListener("pageshow", (event) => event.persisted && location.reload());

if (form.elements.title.value || form.elements.description.value) suggest();
