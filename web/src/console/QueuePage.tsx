import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { ago, country, dateTime } from "../common/format";
import { useLive } from "../common/live";
import { second, serverNow } from "../common/clock";
import { Countdown } from "../common/ui/Countdown";
import { Select } from "../common/ui/Field";
import { Empty, Help, Waiting } from "../common/ui/Notice";
import { Page, Section } from "../common/ui/Page";
import { Pager, type Window } from "../common/ui/Pager";
import { say } from "../common/ui/say";
import { type ClaimFilter, ConsoleQueueDocument } from "../gql/graphql";
import { ClaimBadge } from "../common/ui/Badge";
import { words } from "./words";

const SIZE = 50;
const WHICH = { all: {}, free: { status: ["SUBMITTED"] }, mine: { mine: true } } satisfies Record<string, ClaimFilter>;
const KINDS = ["CLAIM", "STATUS_QUESTION"] as const;

/** What waits for support: open claims and questions, and the merchants who let us in just now. */
export function QueuePage() {
  const which = useSignal<keyof typeof WHICH>("all");
  const kind = useSignal("");
  const window = useSignal<Window>({ first: SIZE });
  const filter = { open: true, ...WHICH[which.value], ...(kind.value ? { kind: [kind.value as (typeof KINDS)[number]] } : {}) };
  const { data, failure, asking, refresh } = useLive(ConsoleQueueDocument, { filter, ...window.value });
  const { nav, queue, common } = words.value;
  const claims = data.value?.claims?.nodes;
  const accounts = data.value?.accounts?.nodes.filter((account) => account.agentLogin.state === "ACTIVE");
  useSayingChanges(asking.value ? undefined : [...(claims ?? []), ...(accounts ?? [])], JSON.stringify([filter, window.value]), queue.changed);
  const narrow = () => {
    window.value = { first: SIZE };
  };
  return (
    <Page title={nav.work}>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      <Section title={queue.open}>
        <div class="filters">
          <Select label={queue.which} value={which.value} onChange={(event) => { which.value = event.currentTarget.value as keyof typeof WHICH; narrow(); }}>
            {Object.keys(WHICH).map((each) => (
              <option key={each} value={each}>
                {queue[each as keyof typeof WHICH]}
              </option>
            ))}
          </Select>
          <Select label={queue.kind} value={kind.value} onChange={(event) => { kind.value = event.currentTarget.value; narrow(); }}>
            <option value="">{queue.everyKind}</option>
            {KINDS.map((each) => (
              <option key={each} value={each}>
                {common.claimKind[each]}
              </option>
            ))}
          </Select>
        </div>
        {!claims && asking.value && <Waiting />}
        {claims?.length === 0 && <Empty>{queue.none}</Empty>}
        {claims && claims.length > 0 && (
          <div class="table plain">
            <table>
              <thead>
                <tr>
                  <th scope="col">{queue.what}</th>
                  <th scope="col">{queue.merchant}</th>
                  <th scope="col">{common.parcel.status}</th>
                  <th scope="col">{queue.by}</th>
                  <th scope="col">{queue.since}</th>
                </tr>
              </thead>
              <tbody>
                {claims.map((claim) => (
                  <tr key={claim.id}>
                    <th scope="row">
                      <a href={`/console/claims/${claim.id}`}>{common.claimType[claim.type]}</a>
                      <span class="soft"> {common.claimKind[claim.kind]}</span>
                    </th>
                    <td data-label={queue.merchant}>
                      <a href={`/console/accounts/${claim.account.id}`}>{claim.account.companyName}</a>
                    </td>
                    <td data-label={common.parcel.status}>
                      <ClaimBadge status={claim.status} />
                      {!claim.opensParcel && <div class="hint">{queue.opensNothing(common.channel[claim.channel])}</div>}
                    </td>
                    <td data-label={queue.by}>{claim.handledBy ?? <span class="none">–</span>}</td>
                    <td data-label={queue.since}>
                      <Since instant={claim.openedAt} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {data.value?.claims && <Pager info={data.value.claims.pageInfo} size={SIZE} window={window} busy={asking.value} />}
      </Section>
      <Section title={queue.letIn}>
        {accounts?.length === 0 && <Empty>{queue.nobody}</Empty>}
        <ul class="list">
          {accounts?.map(({ id, companyName, country: where, agentLogin }) => (
            <li key={id}>
              <a href={`/console/accounts/${id}`}>{companyName}</a> <span class="soft">{country(where)}</span>{" "}
              {agentLogin.consent && <Countdown until={agentLogin.consent.expiresAt} />}
            </li>
          ))}
        </ul>
        {data.value?.accounts?.pageInfo.hasNextPage && (
          <p>
            <a href="/console/accounts">{nav.accounts} →</a>
          </p>
        )}
      </Section>
    </Page>
  );
}

/** How long ago, as time goes by; only this is drawn anew each second. */
function Since({ instant }: { instant: string }) {
  void second.value;
  return (
    <time dateTime={instant} title={dateTime(instant)}>
      {ago(instant, serverNow())}
    </time>
  );
}

/** Say once that a list changed by itself: not when something else was asked for. */
function useSayingChanges(list: { id: string }[] | undefined, asked: string, message: string): void {
  const last = useRef<{ asked: string; ids: string }>(undefined);
  const ids = list?.map(({ id }) => id).join();
  useEffect(() => {
    if (ids !== undefined) {
      if (last.current?.asked === asked && last.current.ids !== ids) {
        say(message);
      }
      last.current = { asked, ids };
    }
  }, [asked, ids]);
}
