// Hands the token to the sidebar that opened this window, where that is a page of our own origin.
import { $ } from "./desk.js";

const handing = $("#handing");
if (handing && window.opener) {
  const { token, expires, person } = handing.dataset;
  const handed = { type: "faqdesk:token", token, expires, person: JSON.parse(person) };
  window.opener.postMessage(handed, location.origin);
  window.close();
} else if (handing) {
  handing.hidden = true;
  $("#alone").hidden = false;
}
