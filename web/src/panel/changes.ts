/** What a merchant's pages hear of: their own agent login, and their claims. Each change is said once, here. */
import { heardTime } from "../common/clock";
import { changed } from "../common/live";
import { watch } from "../common/socket";
import { say } from "../common/ui/say";
import { OwnAgentLoginDocument, OwnClaimsDocument } from "../gql/graphql";
import { words } from "./words";

export function listen(): () => void {
  let last: string | undefined; // at first the state as it is, which the pages have just asked for
  const stops = [
    watch(OwnAgentLoginDocument, {}, ({ agentLoginChanged: login }) => {
      heardTime(login.now);
      const now = `${login.state} ${login.consent?.id}`;
      if (last !== undefined && now !== last) {
        const { said } = words.peek();
        say(login.state === "ACTIVE" ? said.granted : said.ended);
        changed();
      }
      last = now;
    }),
    watch(OwnClaimsDocument, {}, ({ claimChanged: claim }) => {
      const { said, common } = words.peek();
      say(said.claim(common.claimStatus[claim.status]));
      changed();
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
