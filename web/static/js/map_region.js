// The panel of a region: its FAQs, its inquiries to read, labelling with undo, a table to take away.
import { $, post, say } from "./desk.js";
import { picker } from "./picker.js";

export class Region {
  // `on` is told: closed(), changed() where labels did.
  constructor(panel, urls, words, on) {
    Object.assign(this, { panel, urls, words, on, ids: "", chosen: null, change: null });
    panel.addEventListener("submit", (event) => {
      event.target.elements.ids.value = this.ids;
      event.target.elements.csrf_token.value = document.body.dataset.csrf;
      event.target.closest("details").open = false;
    });
    panel.addEventListener("click", (event) => {
      if (event.target.closest("[data-close]")) this.close();
      const more = event.target.closest("[data-more]");
      if (more) this.more(more);
      if (event.target.closest("[data-label]")) this.label();
      if (event.target.closest("[data-undo]")) this.undo();
    });
  }

  async show(ids) {
    this.ids = ids.join(",");
    this.chosen = null;
    const { status, data } = await this.ask({ ids: this.ids });
    if (status !== 200) return;
    this.panel.innerHTML = data.html; // our own template, its values escaped
    this.panel.hidden = false;
    const box = $("#find", this.panel);
    const listed = (answer) => [{ words: "", items: answer.faqs }];
    if (box) picker(box, $("#found", this.panel), (faq) => this.choose(faq), listed);
    $("h2", this.panel).focus();
    say($("h2", this.panel).textContent);
  }

  async more(button) {
    button.disabled = true;
    const { status, data } = await this.ask({ ids: this.ids, start: Number(button.dataset.more) });
    button.disabled = false;
    if (status !== 200) return;
    const part = document.createElement("div");
    part.innerHTML = data.html;
    const rows = [...part.querySelectorAll(".region-rows > li")];
    $(".region-rows", this.panel).append(...rows);
    const next = $("[data-more]", part);
    if (next) button.dataset.more = next.dataset.more;
    else button.remove();
    rows[0]?.querySelector("a")?.focus();
  }

  choose({ title, slug }) {
    this.chosen = slug;
    const button = $("[data-label]", this.panel);
    button.textContent = button.dataset.words.replace("{}", title);
    button.hidden = false;
    button.focus();
  }

  async label() {
    const button = $("[data-label]", this.panel);
    button.disabled = true;
    const { status, data } = await post(this.urls.label, { ids: this.ids, slug: this.chosen });
    button.disabled = false;
    if (status !== 200) return this.tell(data?.detail ?? this.words.offline, true);
    button.hidden = true;
    this.change = data.change;
    this.tell(data.said);
    $("[data-undo]", this.panel).hidden = !data.change;
    if (data.change) this.on.changed();
  }

  async undo() {
    const { status, data } = await post(this.urls.undo, { change: this.change });
    this.tell(status === 200 ? data.said : (data?.detail ?? this.words.offline), status !== 200);
    if (status !== 200) return;
    $("[data-undo]", this.panel).hidden = true;
    this.on.changed();
  }

  close() {
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.on.closed();
  }

  async ask(body) {
    const answer = await post(this.urls.region, body);
    if (answer.status !== 200) say(answer.data?.detail ?? this.words.offline);
    return answer;
  }

  tell(words, wrong = false) {
    const place = $("[data-told]", this.panel);
    place.textContent = words;
    place.classList.toggle("trouble", wrong);
    say(words);
  }
}
