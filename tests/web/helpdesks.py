"""Pages that behave as the helpdesks do towards what stands in their sidebar, one origin each."""

import json
from typing import Any

from flask import Flask

# As Chatwoot's Frame.vue does: it posts the context when the frame has loaded and whenever it is
# asked, to whoever asks, and says nothing by itself; another conversation gets a frame of its own.
CHATWOOT = """
<!doctype html><title>Chatwoot</title>
<div id="app-place"></div>
<script>
  window.context = %(context)s;
  window.asked = 0;
  const send = () => document.getElementById("app").contentWindow.postMessage(
    JSON.stringify({ event: "appContext", data: window.context }), "*");
  window.onmessage = (event) => {
    if (event.data !== "chatwoot-dashboard-app:fetch-info") return;
    window.asked += 1;
    send();
  };
  window.turnTo = (context) => {
    window.context = context;
    const frame = document.createElement("iframe");
    Object.assign(frame, { id: "app", src: "%(src)s", width: "%(width)s", height: "600" });
    frame.addEventListener("load", send);
    document.getElementById("app-place").replaceChildren(frame);
  };
  turnTo(window.context);
</script>
"""

# As Zendesk's app framework does: it registers who shakes hands, answers get and invoke, and tells
# what was asked to be told. Without the page's own words in the address it says nothing.
ZENDESK = """
<!doctype html><title>Zendesk</title>
<iframe id="app" width="%(width)s" height="600"></iframe>
<textarea id="editor"></textarea>
<script>
  window.ticket = %(context)s;
  window.heard = [];
  const frame = document.getElementById("app");
  const send = (what) => frame.contentWindow.postMessage(JSON.stringify(what), "%(desk)s");
  window.tell = (key, message) => send({ key: "zaf." + key, message });
  const on = new Set();
  window.happens = (event) => on.has(event) && tell(event, []);
  window.changed = () => happens("ticket.conversation.changed");
  window.onmessage = (event) => {
    if (event.origin !== "%(desk)s") return;
    const said = JSON.parse(event.data);
    window.heard.push(said);
    if (said.appGuid !== "g-1" || said.instanceGuid !== "g-1" || window.silent) return;
    if (said.key === "iframe.handshake") {
      tell("app.registered", { context: { location: "ticket_sidebar" }, metadata: {} });
    } else if (said.key?.startsWith("iframe.on:")) on.add(said.key.slice(10));
    else if (said.request === "get") {
      const result = { errors: {} };
      for (const path of said.params) {
        if (path in window.ticket) result[path] = window.ticket[path];
        else result.errors[path] = { message: "not there" };
      }
      const answer = () => send({ id: said.id, result });
      if (window.later) window.later.push(answer);
      else answer();
    } else if (said.request === "invoke") {
      const words = said.params["ticket.editor.insert"];
      if (words && window.refuses) return send({ id: said.id, error: { message: "no editor" } });
      if (words) document.getElementById("editor").value += words[0];
      send({ id: said.id, result: { errors: {} } });
    }
  };
  // Last: it shakes hands once, and whoever does so unheard is never registered.
  frame.src = "%(src)s?origin=%(origin)s&app_guid=g-1";
</script>
"""

# Some helpdesk as it looks, for pictures: what the customer wrote, and the sidebar beside it.
BESIDE = """
<!doctype html><html lang="ko"><title>The sidebar in a helpdesk · faqdesk</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
  body { margin: 0; font: 15px/1.5 system-ui, sans-serif; display: flex; flex-wrap: wrap; }
  main { flex: 1 1 18rem; padding: 1rem; box-sizing: border-box; }
  blockquote { margin: 1rem 0; padding: 0.75rem; border: 1px solid GrayText; border-radius: 9px; }
  iframe { flex: 0 1 360px; min-width: 0; height: 100vh; }
  iframe { border: 0; border-left: 1px solid GrayText; }
  @media (max-width: 40rem) { iframe { flex-basis: 100%%; border-left: 0; } }
</style>
<main><h1>#12</h1><blockquote id="said"></blockquote></main>
<iframe id="app" title="faqdesk"></iframe>
<script>
  const context = %(context)s;
  const said = context.conversation.messages.map((message) => message.content).join(" ");
  document.getElementById("said").textContent = said;
  const frame = document.getElementById("app");
  window.onmessage = () => frame.contentWindow.postMessage(
    JSON.stringify({ event: "appContext", data: context }), "*");
  frame.src = "%(src)s";
</script>
"""

# Holds the sidebar, and never says a word.
SILENT = (
    """<!doctype html><title>?</title><iframe id="app" src="%(src)s" width="%(width)s"></iframe>"""
)

# Of an allowed helpdesk, but within a frame whose origin is `null`.
SANDBOXED = """
<!doctype html><title>?</title>
<iframe sandbox="allow-scripts" srcdoc='<iframe src="%(src)s"></iframe>'></iframe>
"""


def conversation(*said: tuple[str, str], number: int = 12) -> dict[str, Any]:
    """A conversation of Chatwoot's store, of pairs: incoming, outgoing, note or activity; words."""
    kinds = {"incoming": 0, "outgoing": 1, "note": 1, "activity": 2}
    who = {"incoming": "contact"}
    messages = [
        {"id": at, "content": text, "message_type": kinds[kind], "private": kind == "note",
         "created_at": 1_790_000_000 + at, "sender": {"type": who.get(kind, "user")}}
        for at, (kind, text) in enumerate(said, 1)
    ]  # fmt: skip
    return {
        "conversation": {"id": number, "messages": messages, "additional_attributes": {}},
        "contact": {"id": 3, "name": "Kim"},
        "currentAgent": {"id": 1, "name": "Mina", "email": "mina@example.com"},
    }


def ticket(*said: tuple[str, str], number: int = 5158) -> dict[str, Any]:
    """A ticket as Zendesk's sidebar tells it: pairs of who (end-user, agent, note), what."""
    return {
        "ticket.id": number,
        "ticket.subject": "",
        "ticket.description": said[0][1],
        "ticket.conversation": [
            {"author": {"role": "agent" if who == "note" else who, "name": "?"},
             "channel": {"name": "internal" if who == "note" else "web"},
             "message": {"content": text, "contentType": "text/html"}, "timestamp": "2026-11-01"}
            for who, text in said
        ],
    }  # fmt: skip


class Helpdesk:
    """A site of its own with one page, which holds the desk's sidebar."""

    def __init__(self, page: str, context: dict[str, Any], *, width: int = 360) -> None:
        self.app = Flask("helpdesk")
        self.desk = self.origin = ""
        self._page, self._context, self._width = page, context, width
        self.app.add_url_rule("/", view_func=self._show, endpoint="show")

    def _show(self) -> str:
        return self._page % {
            "src": self.desk + "/embed/suggest",
            "desk": self.desk,
            "origin": self.origin,
            "width": self._width,
            "context": json.dumps(self._context).replace("<", "\\u003c"),
        }
