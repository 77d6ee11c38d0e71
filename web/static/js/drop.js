// A page that takes one file: dropped anywhere on it, or chosen; what is chosen is sent at once.
import { $ } from "./desk.js";

const form = $("#drop");
const field = $("#file");

document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.classList.add("over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer.types.includes("Files")) return;
  event.preventDefault();
  form.classList.remove("over");
  if (!event.dataTransfer.files.length) return;
  const one = new DataTransfer();
  one.items.add(event.dataTransfer.files[0]);
  field.files = one.files;
  form.requestSubmit();
});
field.addEventListener("change", () => field.files.length && form.requestSubmit());
