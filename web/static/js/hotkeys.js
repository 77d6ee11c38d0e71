// Links that a key opens, by its place: data-hotkey="KeyN".
import { $$, onKeys } from "./desk.js";

onKeys(Object.fromEntries($$("[data-hotkey]").map((link) => [link.dataset.hotkey, () => link.click()])));
