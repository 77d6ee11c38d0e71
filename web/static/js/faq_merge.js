// The FAQ that another shall be a part of: found as one types. Without this, the form searches.
import { $ } from "./desk.js";
import { picker } from "./picker.js";

const box = $("#q");
for (const [name, value] of [["role", "combobox"], ["aria-controls", "found"], ["aria-expanded", "false"], ["aria-autocomplete", "list"]]) {
  box.setAttribute(name, value);
}
picker(box, $("#found"), ({ slug }) => {
  const url = new URL(box.dataset.into, location.href);
  url.searchParams.set("into", slug);
  location.href = url;
}, ({ faqs }) => [{ words: "", items: faqs }]);
