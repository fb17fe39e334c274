import { useSignal } from "@preact/signals";
import { change } from "../common/ask";
import { whyNot } from "../common/decisions";
import { country, dateTime } from "../common/format";
import { changed, useLive } from "../common/live";
import { Action, useDoing } from "../common/ui/Action";
import { ClaimBadge, ParcelBadge } from "../common/ui/Badge";
import { Dialog } from "../common/ui/Dialog";
import { Input, TextArea } from "../common/ui/Field";
import { Empty, Help, Waiting } from "../common/ui/Notice";
import { Fact, Facts, Page, Section } from "../common/ui/Page";
import { say } from "../common/ui/say";
import { Value } from "../common/ui/Withheld";
import type { ClaimOutcome, InvestigationKind } from "../gql/enums";
import { ConsoleClaimDocument, type ConsoleClaimQuery, ConsoleCloseClaimDocument, ConsoleLogInvestigationDocument, ConsoleTakeClaimDocument } from "../gql/graphql";
import { Basis } from "./Basis";
import { Options } from "./Options";
import { type Disclosed, PersonalFact } from "./Personal";
import { words } from "./words";

type Claim = NonNullable<ConsoleClaimQuery["claim"]>;

/** One claim or question, and what support does about it. */
export function ClaimPage({ id }: { id: string }) {
  const { data, failure, asking, hidden, refresh } = useLive(ConsoleClaimDocument, { id }, { account: (found) => found.claim?.account.id });
  const { claim: words_, common } = words.value;
  const claim = data.value?.claim;
  if (!claim) {
    return (
      <Page title={common.claimKind.CLAIM}>
        {failure.value ? <Help failure={failure.value} again={refresh} /> : asking.value ? <Waiting /> : <Empty>{common.failure.NOT_FOUND}</Empty>}
      </Page>
    );
  }
  const { account, parcel } = claim;
  const names = common.parcel;
  // Its texts are shown while it opens its parcel itself, or under the merchant's permission.
  const texts: Disclosed = {
    shown: parcel ? parcel.disclosure.shown && (claim.opensParcel || parcel.disclosure.basis === "CONSENT") : false,
    reason: parcel?.disclosure.reason ?? "NO_LIVE_CONSENT",
  };
  return (
    <Page
      title={common.claimKind[claim.kind]}
      heading={
        <>
          {common.claimType[claim.type]} <ClaimBadge status={claim.status} />
        </>
      }
      back={{ address: "/console", label: words.value.nav.work }}
    >
      <Basis merchant={account} disclosure={parcel?.disclosure} hidden={hidden.value} />
      {failure.value && <Help failure={failure.value} again={refresh} />}
      <div class="columns">
        <Section title={words_.about}>
          <Facts>
            <Fact name={words.value.queue.merchant}>
              <a href={`/console/accounts/${account.id}`}>{account.companyName}</a>
            </Fact>
            <Fact name={words_.kind}>{common.claimKind[claim.kind]}</Fact>
            <Fact name={words_.channel}>
              {common.channel[claim.channel]}
              {!claim.opensParcel && <div class="hint">{claim.closedAt ? words_.closed : words.value.queue.opensNothing(common.channel[claim.channel])}</div>}
            </Fact>
            <Fact name={words.value.queue.by}>{claim.handledBy ?? "–"}</Fact>
            <Fact name={words_.openedAt}>{dateTime(claim.openedAt)}</Fact>
            {claim.closedAt && <Fact name={words_.closedAt}>{dateTime(claim.closedAt)}</Fact>}
          </Facts>
          <h3 class="apart">{words_.description}</h3>
          <p class="text">
            <Value what={words_.description} value={claim.description} shown={texts.shown} why={texts.reason} />
          </p>
        </Section>
        <Section title={names.one}>
          {parcel ? (
            <Facts>
              <Fact name={names.status}>
                <a href={`/console/parcels/${parcel.id}`}>
                  <ParcelBadge status={parcel.status} />
                </a>
              </Fact>
              <Fact name={names.carrier}>{parcel.carrier}</Fact>
              <PersonalFact name={names.recipient} of={parcel.disclosure}>
                {parcel.recipient.name}
              </PersonalFact>
              <PersonalFact name={names.city} of={parcel.disclosure}>
                {parcel.recipient.city}
              </PersonalFact>
              <Fact name={names.country}>{parcel.recipient.country && country(parcel.recipient.country)}</Fact>
              <PersonalFact name={names.orderNumber} of={parcel.disclosure}>
                {parcel.orderNumber}
              </PersonalFact>
              <PersonalFact name={names.trackingNumber} of={parcel.disclosure}>
                {parcel.trackingNumber}
              </PersonalFact>
            </Facts>
          ) : (
            <p class="soft">{words_.noParcel}</p>
          )}
        </Section>
        <Section title={words_.investigation}>
          {claim.investigation.length === 0 && <p class="soft">{words_.nothingYet}</p>}
          <ol class="timeline">
            {claim.investigation.map((entry) => (
              <li key={entry.id}>
                <time dateTime={entry.at}>{dateTime(entry.at)}</time> <strong>{common.investigation[entry.kind]}</strong> <span class="soft">{entry.by}</span>
                {entry.carrierReference !== null || !texts.shown ? (
                  <div>
                    {words_.reference}: <Value what={words_.reference} value={entry.carrierReference} shown={texts.shown} why={texts.reason} />
                  </div>
                ) : null}
                {entry.note !== null || !texts.shown ? (
                  <p class="text">
                    <Value what={words_.note} value={entry.note} shown={texts.shown} why={texts.reason} />
                  </p>
                ) : null}
              </li>
            ))}
          </ol>
        </Section>
        <Section title={words_.work}>
          <Work claim={claim} />
        </Section>
      </div>
    </Page>
  );
}

/** Taking it, writing down what was done, closing it; or why not. */
function Work({ claim }: { claim: Claim }) {
  const { claim: words_, common } = words.value;
  const closing = useSignal(false);
  const { busy, failure, run } = useDoing();
  const investigates = claim.closedAt ? words_.closed : whyNot(claim.decisions, "INVESTIGATE_CLAIM");
  const closes = claim.closedAt ? words_.closed : whyNot(claim.decisions, "CLOSE_CLAIM");
  const does = async (task: () => Promise<unknown>, done: string): Promise<boolean> => {
    const worked = await run(task);
    if (worked) {
      say(done);
      changed(claim.account.id);
    }
    return worked;
  };
  const log = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const text = (name: string) => (given.get(name) as string).trim() || null;
    const input = { claimId: claim.id, kind: given.get("kind") as InvestigationKind, carrierReference: text("reference"), note: text("note") };
    if (await does(() => change(ConsoleLogInvestigationDocument, { input }), words_.logged)) {
      form.reset();
    }
  };
  const close = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const input = { claimId: claim.id, outcome: given.get("outcome") as ClaimOutcome, note: (given.get("note") as string).trim() || null };
    if (await does(() => change(ConsoleCloseClaimDocument, { input }), words_.closedNow)) {
      closing.value = false;
    }
  };
  return (
    <>
      {failure.value && !closing.value && <Help failure={failure.value} />}
      <div class="actions above">
        <Action
          kind={claim.status === "SUBMITTED" ? "main" : "plain"}
          why={investigates ?? (claim.status === "SUBMITTED" ? undefined : words_.taken)}
          live
          busy={busy.value}
          onClick={() => does(() => change(ConsoleTakeClaimDocument, { input: { claimId: claim.id } }), words_.takenNow)}
        >
          {words_.take}
        </Action>
        <Action live why={closes} onClick={() => { closing.value = true; }}>
          {words_.close}
        </Action>
      </div>
      {investigates === undefined && (
        <form onSubmit={log}>
          <Options name="kind" label={words_.what} of={Object.keys(common.investigation).filter((each) => each !== "MERCHANT_ANSWERED")} words={common.investigation} />
          <Input name="reference" label={words_.reference} />
          <TextArea name="note" label={words_.note} hint={words_.noteHint} />
          <Action kind="main" type="submit" live busy={busy.value}>
            {words_.log}
          </Action>
        </form>
      )}
      {closing.value && (
        <Dialog title={words_.close} onClose={() => { closing.value = false; }}>
          <p class="soft">{words_.closeText}</p>
          <form onSubmit={close}>
            <Options name="outcome" label={words_.outcome} of={Object.keys(common.claimOutcome)} words={common.claimOutcome} />
            <TextArea name="note" label={words_.note} hint={words_.noteHint} />
            {failure.value && <Help failure={failure.value} />}
            <div class="actions">
              <Action kind="main" type="submit" live why={closes} busy={busy.value}>
                {words_.close}
              </Action>
              <Action onClick={() => { closing.value = false; }}>{common.cancel}</Action>
            </div>
          </form>
        </Dialog>
      )}
    </>
  );
}
