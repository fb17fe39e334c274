import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { change } from "../common/ask";
import { whyNot } from "../common/decisions";
import { country, date, dateTime, money, number, weight } from "../common/format";
import { changed, type Hidden, useLive } from "../common/live";
import { Action, useDoing } from "../common/ui/Action";
import { ClaimBadge, ParcelBadge } from "../common/ui/Badge";
import { Dialog } from "../common/ui/Dialog";
import { lazy } from "../common/ui/lazy";
import { Empty, Help, Notice, Waiting } from "../common/ui/Notice";
import { Fact, Facts, Page, Section } from "../common/ui/Page";
import { say } from "../common/ui/say";
import { Value } from "../common/ui/Withheld";
import { ConsoleCancelParcelDocument, ConsoleParcelDocument, type ConsoleParcelQuery } from "../gql/graphql";
import { Basis } from "./Basis";
import { type Disclosed, PersonalFact } from "./Personal";
import { Recording } from "./Recording";
import { words } from "./words";

const Correction = lazy(() => import("./Correction").then((file) => file.Correction));

export type Parcel = NonNullable<ConsoleParcelQuery["parcel"]>;
const RECIPIENT = ["name", "companyName", "email", "phone", "street", "houseNumber", "addressLine2", "postalCode", "city", "region", "taxNumber"] as const;

/** One parcel, as far as its merchant shows it. */
export function ParcelPage({ id }: { id: string }) {
  const { data, failure, asking, hidden, refresh } = useLive(ConsoleParcelDocument, { id }, { account: (found) => found.parcel?.account.id });
  const { parcel: words_, common } = words.value;
  const parcel = data.value?.parcel;
  if (!parcel) {
    return (
      <Page title={common.parcel.one}>
        {failure.value ? <Help failure={failure.value} again={refresh} /> : asking.value ? <Waiting /> : <Empty>{common.failure.NOT_FOUND}</Empty>}
      </Page>
    );
  }
  const names = common.parcel;
  const of: Disclosed = parcel.disclosure;
  const { account } = parcel;
  return (
    <Page
      title={names.one}
      heading={
        <>
          {names.one} {date(parcel.createdAt)} <ParcelBadge status={parcel.status} />
        </>
      }
      back={{ address: `/console/accounts/${account.id}`, label: account.companyName }}
    >
      <Basis merchant={account} disclosure={parcel.disclosure} hidden={hidden.value} />
      {failure.value && <Help failure={failure.value} again={refresh} />}
      <Changes parcel={parcel} hidden={hidden.value} />
      <div class="columns">
        <Section title={parcel.direction === "RETURN" ? names.sender : names.recipient}>
          <Facts>
            {RECIPIENT.map((name) => (
              <PersonalFact key={name} name={names[name]} of={of}>
                {parcel.recipient[name]}
              </PersonalFact>
            ))}
            <Fact name={names.country}>{parcel.recipient.country && country(parcel.recipient.country)}</Fact>
          </Facts>
        </Section>
        <Section title={words_.order}>
          <Facts>
            {(["orderNumber", "externalReference", "trackingNumber", "servicePoint"] as const).map((name) => (
              <PersonalFact key={name} name={names[name]} of={of}>
                {parcel[name]}
              </PersonalFact>
            ))}
            <PersonalFact name={names.totalValue} of={of}>
              {parcel.totalValue && money(parcel.totalValue.amount, parcel.totalValue.currency)}
            </PersonalFact>
            <PersonalFact name={names.note} of={of}>
              {parcel.note}
            </PersonalFact>
            <PersonalFact name={names.documents} of={of}>
              {parcel.documents?.length ? (
                <ul class="plain">
                  {parcel.documents.map(({ kind, url }) => (
                    <li key={url}>
                      <a href={url} target="_blank" rel="noreferrer">
                        {common.document[kind]}
                      </a>
                    </li>
                  ))}
                </ul>
              ) : null}
            </PersonalFact>
          </Facts>
        </Section>
        <Section title={words_.outline}>
          <Facts>
            <Fact name={names.carrier}>{parcel.carrier}</Fact>
            <Fact name={names.shippingMethod}>{parcel.shippingMethod}</Fact>
            <Fact name={names.direction}>{common.direction[parcel.direction]}</Fact>
            <Fact name={names.weight}>{parcel.weightGrams === null ? "–" : weight(parcel.weightGrams)}</Fact>
            <Fact name={names.size}>{size(parcel)}</Fact>
            <Fact name={names.one}>{names.collo(parcel.colloNumber, parcel.colloCount)}</Fact>
            <Fact name={names.announcedAt}>{parcel.announcedAt ? dateTime(parcel.announcedAt) : "–"}</Fact>
            <Fact name={names.updatedAt}>{dateTime(parcel.updatedAt)}</Fact>
          </Facts>
        </Section>
        <Section title={names.items}>
          <Value
            what={names.items}
            shown={of.shown}
            why={of.reason}
            value={
              parcel.items?.length ? (
                <ul class="list">
                  {parcel.items.map((item, index) => (
                    <li key={index}>
                      {number(item.quantity)} × {item.description} {item.value && <span class="soft">{money(item.value.amount, item.value.currency)}</span>}
                    </li>
                  ))}
                </ul>
              ) : null
            }
          />
        </Section>
        <Section title={names.events}>
          <Value
            what={names.events}
            shown={of.shown}
            why={of.reason}
            value={
              parcel.events?.length ? (
                <ol class="timeline">
                  {parcel.events.map((event, index) => (
                    <li key={index}>
                      <time dateTime={event.occurredAt}>{dateTime(event.occurredAt)}</time> {common.parcelStatus[event.status]}
                      <span class="soft">
                        {event.location && ` · ${event.location}`}
                        {event.message && ` · ${event.message}`}
                      </span>
                    </li>
                  ))}
                </ol>
              ) : null
            }
          />
        </Section>
        <Section title={words_.claims}>
          {parcel.claims.length === 0 && <p class="soft">{words_.noClaims}</p>}
          <ul class="list">
            {parcel.claims.map((claim) => (
              <li key={claim.id}>
                <a href={`/console/claims/${claim.id}`}>{common.claimType[claim.type]}</a> <ClaimBadge status={claim.status} />{" "}
                <span class="soft">
                  {common.channel[claim.channel]}, {date(claim.openedAt)}
                  {claim.channel !== "SUPPORT_SECTION" && ` · ${words.value.queue.opensNothing(common.channel[claim.channel])}`}
                </span>
              </li>
            ))}
          </ul>
          <Recording parcel={parcel} />
        </Section>
      </div>
    </Page>
  );
}

/** Correcting and cancelling, or why not. */
function Changes({ parcel, hidden }: { parcel: Parcel; hidden: Hidden | undefined }) {
  const { parcel: words_, common } = words.value;
  const doing = useSignal<"correct" | "cancel" | undefined>(undefined);
  const { busy, failure, run } = useDoing();
  const cancel = async () => {
    if (await run(() => change(ConsoleCancelParcelDocument, { input: { parcelId: parcel.id } }))) {
      doing.value = undefined;
      say(words_.cancelled);
      changed(parcel.account.id);
    }
  };
  const gone = !parcel.disclosure.shown && hidden !== "CONNECTION_LOST"; // with what it was a correction of
  useEffect(() => {
    if (gone) {
      doing.value = undefined;
    }
  }, [gone]);
  if (doing.value === "correct" && !gone) {
    return <Correction parcel={parcel} masked={hidden !== undefined} onDone={() => { doing.value = undefined; }} />;
  }
  return (
    <div class="actions above">
      <Action live why={whyNot(parcel.decisions, "CHANGE_PARCEL")} onClick={() => { doing.value = "correct"; }}>
        {words_.correct}
      </Action>
      <Action live why={whyNot(parcel.decisions, "CANCEL_PARCEL")} onClick={() => { doing.value = "cancel"; }}>
        {words_.cancel}
      </Action>
      <Action why={whyNot(parcel.decisions, "DELETE_PARCEL") ?? common.why.NEVER_FOR_AGENTS}>{common.action.DELETE_PARCEL}</Action>
      {doing.value === "cancel" && (
        <Dialog title={words_.cancel} onClose={() => { doing.value = undefined; }}>
          <Notice tone="warning">{words_.cancelWarning}</Notice>
          {failure.value && <Help failure={failure.value} />}
          <div class="actions">
            <Action kind="danger" live why={whyNot(parcel.decisions, "CANCEL_PARCEL")} busy={busy.value} onClick={cancel}>
              {words_.cancel}
            </Action>
            <Action onClick={() => { doing.value = undefined; }}>{common.close}</Action>
          </div>
        </Dialog>
      )}
    </div>
  );
}

function size({ lengthMm, widthMm, heightMm }: Parcel): string {
  const sides = [lengthMm, widthMm, heightMm];
  return sides.every((side) => side !== null) ? `${sides.map((side) => number((side as number) / 10)).join(" × ")} cm` : "–";
}
