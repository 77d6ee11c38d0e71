// The page of imports: files are dropped anywhere on it, or chosen, and sent with a bar of progress.
import { $ } from "./desk.js";
import { onDrop } from "./dropping.js";

const MB = 1048576;

const form = $("#drop");
const field = $("#files");
const trouble = $("#trouble");
const sending = $("#sending");
const said = form.dataset;

let request = null;

onDrop(form, (files) => {
  if (request) return;
  field.files = files;
  form.requestSubmit();
});
field.addEventListener("change", () => field.files.length && form.requestSubmit());

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (request) return;
  const files = [...field.files];
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (files.length > Number(said.most)) return stop(said.sayMany);
  if (size >= Number(said.limit)) return stop(said.sayLarge);
  send(new FormData(form));
});
$("#stop").addEventListener("click", () => request?.abort());

function send(data) {
  trouble.textContent = "";
  sending.hidden = false;
  show(0, 0);
  request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.responseType = "json";
  request.upload.addEventListener("progress", (event) => show(event.loaded, event.total));
  request.addEventListener("load", () => {
    const { status, response } = request;
    if (status === 200 && response?.location) return location.assign(response.location);
    stop(status === 413 ? said.sayLarge : response?.detail ?? said.sayOffline);
  });
  request.addEventListener("error", () => stop(said.sayOffline));
  request.addEventListener("abort", () => stop(""));
  request.send(data);
}

function show(done, total) {
  $("progress", sending).value = total ? done / total : 0;
  const parts = { "{done}": (done / MB).toFixed(1), "{total}": (total / MB).toFixed(1) };
  $("#sent").textContent = total ? said.saySending.replace(/\{\w+\}/g, (part) => parts[part]) : "";
}

// A file that was refused is chosen anew: the field would not tell of the same one again.
function stop(words) {
  request = null;
  sending.hidden = true;
  trouble.textContent = words;
  field.value = "";
}
