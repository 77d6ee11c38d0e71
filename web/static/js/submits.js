// A choice that takes effect at once.
import { $$ } from "./desk.js";

for (const field of $$("[data-submits]")) field.addEventListener("change", () => field.form.submit());
