// Keeps what is typed: saved shortly after the last key, one request at a time.
import { post } from "./desk.js";

const PAUSE = 600; // ms without a key
const AGAIN = 5000; // ms after a failure

export class Draft {
  // `tell(name)` is called with saving, saved, offline, signedOut, answered, newer, refused;
  // `held` with who has the inquiry in hand and until when, as the desk says at each saving.
  constructor(field, { url, revision, saved, tell, held }) {
    Object.assign(this, { field, url, revision, saved, tell, held });
    this.timer = 0;
    this.saving = false;
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
    if (this.over || text === this.saved || (this.saving && !last)) return;
    this.saving = true;
    this.tell("saving");
    this.revision += 1; // also when the save before is still under way: the last one counts
    const { status, data } = await post(this.url, { text, revision: this.revision }, { last });
    this.saving = false;
    if (status === 200) this.kept(text, data);
    else if (status === 409 || status === 404) this.end("answered");
    else if (status === 403) this.tell("signedOut");
    else if (status >= 400 && status < 500) this.tell("refused");
    else {
      this.tell("offline");
      this.later(AGAIN);
    }
  }

  kept(text, data) {
    this.revision = Math.max(this.revision, data.revision);
    this.held(data);
    if (!data.same) return this.end("newer");
    this.saved = text;
    this.tell("saved");
    if (this.field.value !== text) this.later(PAUSE);
  }

  end(how) {
    this.over = true;
    this.tell(how);
  }

  // The other window's draft gives way to this one.
  insist() {
    this.over = false;
    this.saved = null;
    this.save();
  }
}
