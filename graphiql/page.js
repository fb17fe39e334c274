"use strict";

const TABS = [
  `# Sign in above. "make run" has printed who can.
query WhoAmI {
  viewer {
    name
    kind
    roles
  }
  accounts(first: 5) {
    nodes {
      id
      companyName
      agentLogin {
        state
      }
    }
  }
}
`,
  `# Run it as a merchant and as support, before and after the merchant grants agent login.
# Support names one of the accounts of the first tab: { "account": "…" }.
query Parcels($account: ID) {
  parcels(accountId: $account, first: 5) {
    nodes {
      id
      status
      carrier
      recipient {
        country
        name
        email
        city
      }
      disclosure {
        shown
        reason
        basis
        until
      }
    }
  }
}
`,
  `subscription AgentLogin($account: ID) {
  agentLoginChanged(accountId: $account) {
    state
    consent {
      duration
      expiresAt
    }
    account {
      companyName
    }
  }
}
`,
];

const live = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql`;
const fetcher = GraphiQL.createFetcher({
  url: "/graphql",
  fetch: (url, options) => fetch(url, { ...options, credentials: "same-origin" }),
  wsClient: graphqlWs.createClient({ url: live }),
});

const who = document.getElementById("who");
const signIn = document.getElementById("sign-in");
const signOut = document.getElementById("sign-out");

const post = (path, body) =>
  fetch(path, {
    method: "POST",
    credentials: "same-origin",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function showWho() {
  const answer = await (await post("/graphql", { query: "{ viewer { name kind } }" })).json();
  const viewer = answer.data?.viewer;
  who.textContent = viewer ? `Signed in as ${viewer.name} (${viewer.kind.toLowerCase()})` : "Not signed in";
  signIn.hidden = Boolean(viewer);
  signOut.hidden = !viewer;
}

/** A fresh page: no answer to the last viewer stays on the screen, and no live connection of theirs stays open. */
async function become(path, body) {
  try {
    const answer = await post(path, body);
    if (answer.ok) location.reload();
    else who.textContent = `Refused (${answer.status})`;
  } catch {
    who.textContent = "The server does not answer";
  }
}

signIn.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { email, password } = signIn.elements;
  await become("/auth/sign-in", { email: email.value, password: password.value });
  password.value = "";
});
signOut.addEventListener("click", () => become("/auth/sign-out", {}));

showWho().catch(() => {
  who.textContent = "The server does not answer";
});
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, { fetcher, defaultTabs: TABS.map((query) => ({ query })), shouldPersistHeaders: false }),
);
