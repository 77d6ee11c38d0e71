// Zendesk's ticket sidebar: speaks as its app framework does, whose own script would come from
// elsewhere. Messages are JSON text: {key, message} for events, {id, request, params} for questions,
// {id, result} for answers (zendesk_app_framework_sdk, lib/client.js).

const VERSION = "2.0";
const WAIT_MS = 5_000;
const ASKED = ["ticket.id", "ticket.subject", "ticket.description", "ticket.conversation"];
const CHANGES = ["ticket.conversation.changed", "app.activated"];
// At the cursor of the reply. Its page says that rich text becomes plain in chats, so it takes HTML;
// not tried with a live account.
const INSERT = "ticket.editor.insert";
const ROLES = { "end-user": "customer", customer: "customer", agent: "agent", admin: "agent" };
const NOTE = "internal"; // the channel of what customers do not see

export function zendesk({ tell, unheard, guid, origin }) {
  const waiting = new Map();
  let last = 0;
  let looks = 0;
  let registered = false;

  const post = (what) =>
    window.parent.postMessage(JSON.stringify({ ...what, appGuid: guid, instanceGuid: guid }), origin);

  function request(name, params) {
    return new Promise((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      setTimeout(() => waiting.delete(id) && reject(new Error("no answer")), WAIT_MS);
      post({ id, request: name, params });
    });
  }

  async function look() {
    const mine = ++looks;
    const found = await request("get", ASKED).catch(() => null);
    if (mine !== looks) return; // a later look sees more
    if (found === null) unheard();
    else tell(found["ticket.id"] ? ticket(found) : null); // a ticket that is being made has none
  }

  return {
    name: "zendesk",
    start: () => (registered ? look() : post({ key: "iframe.handshake", message: { version: VERSION } })),
    hear({ id, key, result, error }) {
      const asker = waiting.get(id);
      if (asker) {
        waiting.delete(id);
        if (error) asker.reject(new Error(String(error.message ?? error)));
        else asker.resolve(result);
      } else if (key === "zaf.app.registered") {
        registered = true;
        for (const name of CHANGES) post({ key: `iframe.on:${name}`, message: { subscriberCount: 1 } });
        request("invoke", { resize: [{ width: "100%", height: "520px" }] }).catch(() => {});
        look();
      } else if (CHANGES.some((name) => key === `zaf.${name}`)) look();
    },
    async insert(text) {
      const result = await request("invoke", { [INSERT]: [html(text)] });
      const wrong = result?.errors?.[INSERT];
      if (wrong) throw new Error(String(wrong.message ?? wrong));
    },
  };
}

function ticket(found) {
  const all = found["ticket.conversation"];
  const said = (Array.isArray(all) ? all : [])
    .filter((item) => item?.message?.content && item.channel?.name !== NOTE)
    .map((item) => ({ role: ROLES[item.author?.role] ?? "system", text: String(item.message.content) }));
  const first = { role: "customer", text: String(found["ticket.description"] ?? "") };
  return {
    conversation: String(found["ticket.id"]),
    subject: String(found["ticket.subject"] ?? ""),
    messages: said.some((item) => item.role === "customer") ? said : [first, ...said],
  };
}

function html(text) {
  const escaped = text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  return escaped.replace(/\r\n?|\n/g, "<br>");
}
