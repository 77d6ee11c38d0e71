// The review queue as a list: all at once, a range with Shift, and how many are chosen.
import { $, $$, onKeys } from "./desk.js";
import "./submits.js";

const all = $("#all");
const boxes = $$("[name=item]");
let last = -1;

function count() {
  const chosen = boxes.filter((box) => box.checked).length;
  $("#chosen-count").textContent = chosen ? `(${chosen})` : "";
  $("#accept").disabled = !chosen;
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
}

if (all) {
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    count();
  });
  boxes.forEach((box, place) =>
    box.addEventListener("click", (event) => {
      if (event.shiftKey && last >= 0) {
        const [from, to] = [Math.min(last, place), Math.max(last, place)];
        for (const between of boxes.slice(from, to + 1)) between.checked = box.checked;
      }
      last = place;
      count();
    }),
  );
  count();
}


onKeys({ KeyU: () => $("[data-key=KeyU]").click() });
