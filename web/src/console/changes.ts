/** What an agent's pages hear of: every grant, revoke and expiry, and every claim. */
import { ConsoleAgentLoginsDocument, ConsoleClaimsDocument } from "../gql/graphql";
import { heardTime } from "../common/clock";
import { changed, ended } from "../common/live";
import { watch } from "../common/socket";

export function listen(): () => void {
  const stops = [
    watch(ConsoleAgentLoginsDocument, {}, ({ agentLoginChanged: login }) => {
      heardTime(login.now);
      login.state === "ACTIVE" ? changed(login.account.id) : ended("CONSENT", login.account.id);
    }),
    watch(ConsoleClaimsDocument, {}, ({ claimChanged: claim }) => {
      claim.closedAt === null ? changed(claim.account.id) : ended("CLAIM", claim.account.id);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
