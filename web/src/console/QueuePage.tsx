import { useLive } from "../common/live";
import { Help, Waiting } from "../common/ui/Notice";
import { Page } from "../common/ui/Page";
import { WorkQueueDocument } from "../gql/graphql";
import { words } from "./words";

export function QueuePage() {
  const { data, failure, asking, refresh } = useLive(WorkQueueDocument, {});
  const { nav, common } = words.value;
  return (
    <Page title={nav.work}>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!data.value && asking.value && <Waiting />}
      <ul>
        {data.value?.claims?.nodes.map((claim) => (
          <li key={claim.id}>
            {claim.account.companyName}: {common.claimType[claim.type]}
          </li>
        ))}
      </ul>
    </Page>
  );
}
