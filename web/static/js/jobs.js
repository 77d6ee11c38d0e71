// Follows jobs that run: progress, message and log; loads the page anew when one ends.
import { $, $$, get } from "./desk.js";

const EVERY = 1500; // ms

const page = $("[data-poll]");

async function look() {
  const found = await get(page.dataset.poll).catch(() => null);
  for (const job of found?.jobs ?? []) {
    const row = $(`[data-job="${job.id}"]`, page);
    if (!row || row.dataset.state !== job.state) return location.reload();
    if (!job.live) continue;
    $("[data-message]", row).textContent = job.message;
    if (job.share !== null) $("progress", row).value = job.share;
    const log = $("[data-log]", row);
    if (log && log.textContent !== job.log) {
      log.textContent = job.log;
      log.scrollTop = log.scrollHeight;
    }
  }
  if ($$("[data-live]", page).length) setTimeout(look, EVERY);
}

if ($$("[data-live]", page).length) setTimeout(look, EVERY);
