// Follows jobs that run: progress, message and log; loads the page anew when one ends.
import { $, $$, get } from "./desk.js";

const EVERY = 1500; // ms
const AGAIN = 10_000; // ms after which a desk is asked again that did not answer

const page = $("[data-poll]");

// ---- how fast it goes and how long it takes yet, from what this page has seen of the step

const seen = new Map(); // of each job: its step, and where it was at its first and last stride

function left(job, words) {
  const now = performance.now() / 1000;
  const before = seen.get(job.id);
  if (before?.step !== job.step || job.done < before.done) {
    seen.set(job.id, { step: job.step, done: job.done });
    return "";
  }
  if (job.done > before.done) {
    // The first stride began before the page looked: time is taken from its end.
    before.from ??= { done: job.done, at: now };
    Object.assign(before, { done: job.done, at: now });
  }
  const seconds = before.at - before.from?.at;
  if (!(seconds > 0)) return "";
  const rate = (before.done - before.from.done) / seconds;
  const time = Math.max(1, (job.total - job.done) / rate - (now - before.at));
  const said = [words.time.replace("{}", duration(time))];
  if (job.count) said.unshift(words.rate.replace("{}", number(rate, rate < 10 ? 1 : 0)));
  return said.join(" · ");
}

function number(value, digits) {
  return value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: digits });
}

function duration(seconds) {
  const [unit, length] = seconds < 90 ? ["second", 1] : seconds < 5400 ? ["minute", 60] : ["hour", 3600];
  const style = { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: unit === "hour" ? 1 : 0 };
  return (seconds / length).toLocaleString(document.documentElement.lang, style);
}

async function look() {
  const found = await get(page.dataset.poll).catch(() => null);
  for (const job of found?.jobs ?? []) {
    const row = $(`[data-job="${job.id}"]`, page);
    if (!row || row.dataset.state !== job.state) return location.reload();
    if (!job.live) continue;
    const message = $("[data-message]", row);
    message.textContent = job.message;
    message.lang = job.language;
    $("[data-count]", row).textContent = job.count;
    $("[data-left]", row).textContent = left(job, $("[data-left]", row).dataset);
    if (job.share !== null) $("progress", row).value = job.share;
    const log = $("[data-log]", row);
    if (log && log.textContent !== job.log) {
      log.textContent = job.log;
      log.scrollTop = log.scrollHeight;
    }
  }
  if ($$("[data-live]", page).length) setTimeout(look, found ? EVERY : AGAIN);
}

if ($$("[data-live]", page).length) setTimeout(look, EVERY);
