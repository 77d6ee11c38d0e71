// Keeps what is typed: saved shortly after the last key, one request at a time. The desk takes a
// draft only in place of one that this window knows: of another window's nothing is overwritten.
import { BUSY, post } from "./desk.js";

const PAUSE = 600; // ms without a key
const AGAIN = 5000; // ms after a failure

export class Draft {
  // `tell(name)` is called with saving, saved, offline, busy, signedOut, answered, newer, refused;
  // `held` with who has the inquiry in hand and until when, as the desk says at each saving.
  constructor(field, { url, revision, saved, tell, held }) {
    Object.assign(this, { field, url, revision, saved, tell, held });
    this.unheard = []; // revisions that were sent and may be kept, though no answer came
    this.timer = 0;
    this.saving = false;
    this.paused = false; // while the answer is being sent
    this.over = false; // sent, answered by somebody else, or newer elsewhere
    field.addEventListener("input", () => this.later(PAUSE));
    addEventListener("pagehide", () => this.save({ last: true }));
    addEventListener("focus", () => this.save());
  }

  later(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), ms);
  }

  async save({ last = false } = {}) {
    clearTimeout(this.timer);
    const text = this.field.value;
    if (this.over || this.paused || text === this.saved || (this.saving && !last)) return;
    this.saving = true;
    this.tell("saving");
    const revision = 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1));
    const bases = [this.revision, ...this.unheard];
    this.unheard.push(revision);
    const { status, data, after } = await post(this.url, { text, revision, bases }, { last });
    this.saving = false;
    if (status === 200) this.kept(text, data);
    else if (status === 409 || status === 404) this.end(data?.head ? "joined" : "answered", data?.head);
    else if (status === 403) this.tell("signedOut");
    else if (BUSY.includes(status)) {
      this.tell("busy");
      this.later((after || AGAIN) * (1 + Math.random() / 2)); // not everybody at the same moment
    } else if (status >= 400 && status < 500) this.tell("refused");
    else {
      this.tell("offline");
      this.later(AGAIN);
    }
  }

  kept(text, data) {
    this.revision = data.revision;
    this.unheard = [];
    this.held(data);
    if (!data.same) return this.end("newer", data.text);
    this.saved = text;
    this.tell("saved");
    if (this.field.value !== text) this.later(PAUSE);
  }

  end(how, other = "") {
    this.over = true;
    this.tell(how, other);
  }

  // The other window's draft gives way to this one.
  insist() {
    this.over = false;
    this.saved = null;
    this.save();
  }
}
