// One listing's story: its pictures stay blurred as everywhere.
import { $, onKeys } from "./desk.js";
import { looks } from "./veil.js";

looks($("#listing"));
onKeys({ KeyB: () => $("[data-key=KeyB]")?.click(), KeyG: () => $("[data-key=KeyG]")?.click() });
