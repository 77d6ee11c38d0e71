// Listings side by side: pictures as their person chose to see them.
import { $ } from "./desk.js";
import { looks } from "./veil.js";

looks($("[data-person]"));
