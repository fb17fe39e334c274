// A certified OpenID provider on this machine. Who can sign in stands in a file, read anew each time; any password will do.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const file = process.argv[2];
const read = () => JSON.parse(readFileSync(file, "utf8"));
const { port, clients, keys } = read();

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  jwks: { keys },
  cookies: { keys: ["of no worth: for the tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], rights: ["groups", "account", "role"] },
  scopes: ["openid", "email", "profile", "rights"],
  // Its own way refuses to speak to this machine, where we are.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  findAccount: (_, id) => {
    const found = read().people[id];
    return found && { accountId: id, claims: () => ({ sub: id, ...found }) };
  },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({ scope: "", audience: resource, accessTokenFormat: "jwt", jwt: { sign: { alg: "RS256" } } }),
    },
  },
});
provider.listen(port, "127.0.0.1", () => console.log("ready"));
