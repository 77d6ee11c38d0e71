// A page that takes one file: dropped anywhere on it, or chosen; what is chosen is sent at once.
import { $ } from "./desk.js";
import { onDrop } from "./dropping.js";

const form = $("#drop");
const field = $("#file");

onDrop(form, (files) => {
  const one = new DataTransfer();
  one.items.add(files[0]);
  field.files = one.files;
  form.requestSubmit();
});
field.addEventListener("change", () => field.files.length && form.requestSubmit());
