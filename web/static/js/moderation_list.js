// The moderation queue as a list: boxes to tick, pictures blurred as on the page of one case.
import { $, onKeys } from "./desk.js";
import "./review_list.js";
import { looks } from "./veil.js";

const listed = $("#listed");
if (listed) {
  looks(listed);
  onKeys({ KeyB: () => $("[data-key=KeyB]").click(), KeyZ: () => $("[data-key=KeyU]").click() });
}
