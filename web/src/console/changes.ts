/** What an agent's pages hear of: every grant, revoke and expiry, and every claim. */
import { AgentLoginsDocument, ClaimsAnywhereDocument } from "../gql/graphql";
import { heardTime } from "../common/clock";
import { changed, ended } from "../common/live";
import { watch } from "../common/socket";

export function listen(): () => void {
  const stops = [
    watch(AgentLoginsDocument, {}, ({ agentLoginChanged: login }) => {
      heardTime(login.now);
      (login.state === "ACTIVE" ? changed : ended)(login.account.id);
    }),
    watch(ClaimsAnywhereDocument, {}, ({ claimChanged: claim }) => {
      (claim.opensParcel ? changed : ended)(claim.account.id);
    }),
  ];
  return () => stops.forEach((stop) => stop());
}
