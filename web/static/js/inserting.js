// Putting texts into the answer and taking them back. Typed text is never replaced, not even a
// selection, and Ctrl+Z takes an insertion back: execCommand is the one way that keeps a
// textarea's undo. The desk hears of what comes and what goes.
import { $, $$, onKeys, post, say } from "./desk.js";

const CLOSED = "(?![\\w%-]|[/.][\\w%-])"; // the address ends there; Hangul may follow at once

// Whether a text stands somewhere; one address may begin with another, which is not there then.
function holds(words, mark) {
  if (!/^https?:\/\/\S+$/.test(mark)) return words.includes(mark);
  const plain = mark.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(plain + CLOSED).test(words);
}

export class Inserting {
  // `bar` offers to take the last one back; `where` gives the element that says whom to tell.
  constructor(field, bar, where) {
    Object.assign(this, { field, bar, where });
    this.known = new Map(); // what may stand in the answer, by the text that gives it away
    this.last = null;
    field.addEventListener("input", (event) => this.look(event));
    $("button", bar).addEventListener("click", () => this.undo());
    document.addEventListener("keydown", (event) => this.onUndoKey(event));
    onKeys({ KeyU: () => this.undo() });
  }

  // `what` is {slug, form, link}, {past} or {reply}, with a title to name it by.
  insert(text, what) {
    const { field } = this;
    const mark = what.link || text;
    this.known.set(mark, { ...this.known.get(mark), there: false, ...what, mark });
    field.focus();
    const at = field.selectionEnd;
    field.setSelectionRange(at, at);
    const [before, after] = [field.value.slice(0, at), field.value.slice(at)];
    const whole = (before && !before.endsWith("\n") ? "\n" : "") + text + (after.startsWith("\n") ? "" : "\n");
    if (holds(before, mark) || holds(after, mark)) this.known.get(mark).there = true; // a second one
    this.last = { whole, at, mark };
    if (!document.execCommand("insertText", false, whole)) {
      field.setRangeText(whole, at, at, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    $("[data-what]", this.bar).textContent = `${this.bar.dataset.inserted} ${what.title}`;
    this.show();
  }

  // What was suggested, so that its coming and going is noticed even where it was pasted.
  expect(items) {
    for (const item of items) {
      if (this.known.has(item.mark)) Object.assign(this.known.get(item.mark), item);
      else this.known.set(item.mark, { ...item, there: holds(this.field.value, item.mark) });
    }
  }

  look(event) {
    const words = this.field.value;
    const back = this.undoing || event?.inputType === "historyUndo";
    for (const item of this.known.values()) {
      const there = holds(words, item.mark);
      // A past answer that is being edited is not taken back; an FAQ without its link is.
      if (there === item.there || (!there && !item.slug && !back)) continue;
      item.there = there;
      this.tell(item, !there);
    }
    this.show();
  }

  tell({ slug, form = "", past, reply, found = false }, undone) {
    const { inserted } = this.where().dataset;
    if (!inserted) return;
    post(inserted, { ...(slug ? { slug, form, found } : past ? { past } : { reply }), undone });
  }

  show() {
    this.bar.hidden = !this.last || !this.standing();
  }

  // Where the last insertion stands, [from, to]; its outer newlines may have been taken away.
  standing() {
    const { whole, at } = this.last;
    const words = this.field.value;
    const head = whole.replace(/\n$/, "");
    const ways = [whole, head, whole.replace(/^\n/, ""), head.replace(/^\n/, "")].filter(Boolean);
    // Its own place counts before a twin of it elsewhere.
    const here = ways.find((text) => words.startsWith(text, at));
    const text = here ?? ways.find((text) => words.includes(text));
    if (!text) return null;
    const from = here ? at : words.lastIndexOf(text);
    return [from, from + text.length];
  }

  // Takes the last insertion out again, whatever was typed after it.
  undo() {
    if (this.bar.hidden) return;
    const { field } = this;
    const [at, end] = this.standing();
    field.focus();
    field.setSelectionRange(at, end);
    this.undoing = true;
    if (!document.execCommand("delete")) {
      field.setRangeText("", at, end, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.undoing = false;
    this.last = null;
    this.show();
    say(this.bar.dataset.back);
  }

  onUndoKey(event) {
    if (event.code !== "KeyZ" || !(event.ctrlKey || event.metaKey) || event.shiftKey) return;
    const inside = event.target === this.field;
    if (inside && /[ㄱ-ㅎㅏ-ㅣ가-힣]/.test(event.key)) {
      // Hangul mode: no browser takes Ctrl+ㅋ for an undo.
      event.preventDefault();
      document.execCommand("undo");
    } else if (!inside && !event.target.closest("textarea, input") && !this.bar.hidden) {
      event.preventDefault();
      this.undo();
    }
  }
}

// ---- as what FAQs go in

// Calls `changed(form)` when the agent chooses another form; the desk remembers it.
export function formChooser(box, changed) {
  const radios = $$("input", box);
  const now = () => radios.find((radio) => radio.checked).value;
  box.addEventListener("change", () => {
    post(box.dataset.preferences, { insert_as: now() });
    changed(now());
  });
  onKeys({
    KeyF: () => {
      const next = radios[(radios.findIndex((radio) => radio.checked) + 1) % radios.length];
      next.checked = true;
      next.dispatchEvent(new Event("change", { bubbles: true }));
      say(next.parentElement.textContent.trim());
    },
  });
  return now;
}
