/** What a merchant's pages hear of: their own agent login, and their claims. */
import { OwnAgentLoginDocument, OwnClaimsDocument } from "../gql/graphql";
import { heardTime } from "../common/clock";
import { changed } from "../common/live";
import { watch } from "../common/socket";

export function listen(): () => void {
  let first = true; // the state as it is: the pages have just asked for it
  const stops = [
    watch(OwnAgentLoginDocument, {}, ({ agentLoginChanged: login }) => {
      heardTime(login.now);
      if (!first) {
        changed();
      }
      first = false;
    }),
    watch(OwnClaimsDocument, {}, () => changed()),
  ];
  return () => stops.forEach((stop) => stop());
}
