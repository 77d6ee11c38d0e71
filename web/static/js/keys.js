// Keys of a page. The place of a key counts (`code`), not its letter: in Hangul mode j arrives as ㅓ.

export const TEXT_FIELD = "textarea, select, input:not([type=checkbox]):not([type=radio])";

// Calls actions[name]: "KeyJ", "Digit1", "Shift+Slash". Bare keys work outside text fields, with Alt
// inside; who has turned them off holds Alt everywhere.
export function onKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
    const bare = document.body.dataset.keys !== "off" && !event.target.closest(TEXT_FIELD);
    if (!bare && !event.altKey) return;
    const name = (event.shiftKey ? "Shift+" : "") + event.code.replace("Numpad", "Digit");
    if (!(name in actions)) return;
    event.preventDefault();
    if (!event.repeat || /Key[JK]$/.test(name)) actions[name]();
  });
}
