// Chatwoot's dashboard app: it posts the conversation as text when the page has loaded, and again
// when it is asked. It takes nothing in: what fits is copied. Fields as its frame sends them
// (app/javascript/dashboard/components/widgets/DashboardApp/Frame.vue).

const ASK = "chatwoot-dashboard-app:fetch-info";
// It does not tell by itself that the customer wrote again, or that older messages have come: to
// ask costs nothing, it stays within the browser.
const AGAIN_MS = 3_000;
const ROLES = { 0: "customer", incoming: "customer", 1: "agent", outgoing: "agent" }; // others are no messages

export function chatwoot({ tell }) {
  let asking = 0;
  // The words are no secret, and who holds the page is not known before they speak.
  const ask = () => window.parent.postMessage(ASK, "*");
  return {
    name: "chatwoot",
    insert: null,
    start() {
      ask();
      clearInterval(asking);
      asking = setInterval(() => document.visibilityState === "visible" && ask(), AGAIN_MS);
    },
    hear({ event, data }) {
      if (event === "appContext") tell(data?.conversation?.id ? conversation(data.conversation) : null);
    },
  };
}

function conversation({ id, additional_attributes: more, messages }) {
  return {
    conversation: String(id),
    subject: String(more?.mail_subject ?? ""),
    messages: (Array.isArray(messages) ? messages : [])
      .filter((message) => message && !message.private && message.message_type in ROLES && message.content)
      .map((message) => ({
        role: message.sender?.type === "agent_bot" ? "bot" : ROLES[message.message_type],
        text: String(message.content),
      })),
  };
}
