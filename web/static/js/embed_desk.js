// The sidebar's way to the desk: by a token alone, no cookie counts here. It stays in the tab's own
// storage, since helpdesks load the page anew for each conversation, and is good for one helpdesk.

const KEPT = "faqdesk.sidebar";
const RENEW_MS = 30 * 60_000; // before a token ends
const EVERY_MS = 5 * 60_000; // how often that is looked at
const PATIENCE_MS = 20_000;

// `person` is told how the reader likes the page; `ended`, that a token held no longer.
export function desk({ renew, person, ended }) {
  let token = kept();
  let renewing = null;
  if (token) person(token.person);

  function keep(found) {
    token = found;
    try {
      if (found) sessionStorage.setItem(KEPT, JSON.stringify(found));
      else sessionStorage.removeItem(KEPT);
    } catch {
      // A browser may forbid it: then the token lives as long as the page.
    }
  }

  // Answers {status, data}; status 0 where the desk cannot be reached.
  async function ask(url, body) {
    const used = token;
    const headers = {
      Accept: "application/json", "Content-Type": "application/json", Authorization: `Bearer ${used?.token}`,
    };
    try {
      const answer = await fetch(url, {
        method: "POST", headers, body: JSON.stringify(body), credentials: "omit", signal: AbortSignal.timeout(PATIENCE_MS),
      });
      const json = (answer.headers.get("Content-Type") ?? "").includes("json");
      const data = json ? await answer.json() : null;
      if (data?.person) person(data.person);
      if (answer.status === 401 && used === token) {
        keep(null);
        ended();
      }
      return { status: answer.status, data };
    } catch {
      return { status: 0, data: null };
    }
  }

  async function fresh() {
    if (!token || Date.parse(token.expires) - Date.now() > RENEW_MS) return;
    const { parent } = token;
    renewing ??= ask(renew, {}).finally(() => (renewing = null));
    const { status, data } = await renewing;
    if (status === 200) keep({ token: data.token, expires: data.expires_at, parent, person: data.person });
  }

  setInterval(fresh, EVERY_MS);

  return {
    connected: () => token !== null,
    take: ({ token: secret, expires, person: likes }, parent) => {
      keep({ token: String(secret), expires: String(expires), parent, person: likes });
      person(likes);
    },
    // The helpdesk that holds the page has spoken: a token for another one is none.
    heldBy: (parent) => void (token && token.parent !== parent && keep(null)),
    post: async (url, body) => {
      await fresh();
      return token ? ask(url, body) : { status: 401, data: null };
    },
  };
}

function kept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT));
    return found?.person && Date.parse(found.expires) > Date.now() ? found : null;
  } catch {
    return null;
  }
}
