import { useSignal } from "@preact/signals";
import type { ResultOf } from "@graphql-typed-document-node/core";
import { Failure } from "../../common/answers";
import { may, whyNot } from "../../common/decisions";
import { country, date, dateTime, money, number, weight } from "../../common/format";
import { useLive } from "../../common/live";
import { Action } from "../../common/ui/Action";
import { ClaimBadge, ParcelBadge } from "../../common/ui/Badge";
import { lazy } from "../../common/ui/lazy";
import { Empty, Help, Waiting } from "../../common/ui/Notice";
import { Fact, Facts, Page, Section } from "../../common/ui/Page";
import { Value } from "../../common/ui/Withheld";
import { ParcelPageDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { words } from "./words";

export type Shown = NonNullable<ResultOf<typeof ParcelPageDocument>["parcel"]>;

const Correction = lazy(() => import("./Correction").then((module) => module.Correction));
const Ending = lazy(() => import("./Ending").then((module) => module.Ending));

export default function ParcelPage({ id }: { id: string }) {
  const { nav, common } = panel.value;
  const text = words.value;
  const { data, problems, failure, asking, refresh } = useLive(ParcelPageDocument, { id });
  const open = useSignal<"correction" | "cancel" | "delete" | undefined>(undefined);
  const parcel = data.value?.parcel;
  const trouble = failure.value ?? (parcel ? undefined : Failure.first(problems.value));
  const close = () => {
    open.value = undefined;
  };
  const begin = (what: "correction" | "cancel" | "delete") => () => {
    open.value = what;
  };
  const { name, companyName } = parcel?.recipient ?? {};
  const again = async () => {
    await refresh();
    return data.peek()?.parcel ?? undefined;
  };
  return (
    <Page
      title={common.parcel.one}
      heading={name || companyName}
      back={{ address: "/parcels", label: nav.parcels }}
      actions={
        parcel &&
        open.value !== "correction" && (
          <>
            <Action why={whyNot(parcel.decisions, "CHANGE_PARCEL")} onClick={begin("correction")}>
              {text.correct}
            </Action>
            <Action why={whyNot(parcel.decisions, "CANCEL_PARCEL") ?? (parcel.announcedAt ? undefined : text.neverAnnounced)} onClick={begin("cancel")}>
              {text.cancel}
            </Action>
            <Action kind="danger" why={whyNot(parcel.decisions, "DELETE_PARCEL")} onClick={begin("delete")}>
              {text.delete}
            </Action>
          </>
        )
      }
    >
      {trouble && <Help failure={trouble} again={refresh} />}
      {!parcel && asking.value && <Waiting />}
      {parcel && open.value === "correction" && <Correction parcel={parcel} again={again} onClose={close} />}
      {parcel && (open.value === "cancel" || open.value === "delete") && (
        <Ending id={parcel.id} how={open.value} again={again} onClose={close} />
      )}
      {parcel && open.value !== "correction" && <Contents parcel={parcel} />}
    </Page>
  );
}

function Contents({ parcel }: { parcel: Shown }) {
  const { common } = panel.value;
  const text = words.value;
  const say = common.parcel;
  const { recipient } = parcel;
  const given = (what: string, value: string | null) => (
    <Fact name={what}>
      <Value what={what} value={value} shown />
    </Fact>
  );
  const { items, documents, events, trackingUrl } = parcel;
  return (
    <>
      <div class="columns">
        <Section title={parcel.direction === "RETURN" ? say.sender : say.recipient}>
          <Facts>
            {given(say.name, recipient.name)}
            {given(say.companyName, recipient.companyName)}
            {given(say.street, [recipient.street, recipient.houseNumber].filter(Boolean).join(" "))}
            {recipient.addressLine2 && given(say.addressLine2, recipient.addressLine2)}
            {given(say.city, [recipient.postalCode, recipient.city].filter(Boolean).join(" "))}
            {recipient.region && given(say.region, recipient.region)}
            {given(say.country, recipient.country && country(recipient.country))}
            {given(say.email, recipient.email)}
            {given(say.phone, recipient.phone)}
            {recipient.taxNumber && given(say.taxNumber, recipient.taxNumber)}
            {parcel.note && given(say.note, parcel.note)}
          </Facts>
          {may(parcel.account.decisions, "VIEW_ACCESS_LOG") && (
            <p>
              <a href={`/access-log?parcel=${parcel.id}`}>{text.whoSaw}</a>
            </p>
          )}
        </Section>
        <Section title={text.shipment} state={<ParcelBadge status={parcel.status} />}>
          <Facts>
            {given(say.orderNumber, parcel.orderNumber)}
            {given(say.trackingNumber, parcel.trackingNumber)}
            {parcel.externalReference && given(say.externalReference, parcel.externalReference)}
            {given(say.carrier, parcel.carrier)}
            {given(say.shippingMethod, parcel.shippingMethod)}
            {given(say.direction, common.direction[parcel.direction])}
            {parcel.servicePoint && given(say.servicePoint, parcel.servicePoint)}
            {given(say.weight, parcel.weightGrams === null ? null : weight(parcel.weightGrams))}
            {parcel.lengthMm !== null && given(say.size, size(parcel))}
            {parcel.colloCount > 1 && <Fact name={say.one}>{say.collo(parcel.colloNumber, parcel.colloCount)}</Fact>}
            {given(say.totalValue, parcel.totalValue && money(parcel.totalValue.amount, parcel.totalValue.currency))}
            {given(say.createdAt, dateTime(parcel.createdAt))}
            {given(say.announcedAt, parcel.announcedAt && dateTime(parcel.announcedAt))}
          </Facts>
          {trackingUrl && (
            <p>
              {/* The address holds the postal code, so it stands in no attribute. */}
              <Action onClick={() => globalThis.open(trackingUrl, "_blank", "noopener")}>{text.track}</Action>
            </p>
          )}
        </Section>
      </div>
      <Section title={say.items}>
        {!items?.length && <Empty>{text.noItems}</Empty>}
        {items && items.length > 0 && (
          <div class="table">
            <table>
              <thead>
                <tr>
                  <th scope="col">{text.item}</th>
                  <th scope="col">{text.quantity}</th>
                  <th scope="col">{text.sku}</th>
                  <th scope="col">{say.weight}</th>
                  <th scope="col">{text.value}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((item, index) => (
                  <tr key={index}>
                    <th scope="row">{item.description}</th>
                    <td data-label={text.quantity}>{number(item.quantity)}</td>
                    <td data-label={text.sku}>{item.sku ?? "–"}</td>
                    <td data-label={say.weight}>{item.weightGrams === null ? "–" : weight(item.weightGrams)}</td>
                    <td data-label={text.value}>{item.value ? money(item.value.amount, item.value.currency) : "–"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
      <div class="columns">
        <Section title={say.events}>
          {!events?.length && <Empty>{text.noEvents}</Empty>}
          <ol class="timeline">
            {events?.map((event, index) => (
              <li key={index}>
                <time dateTime={event.occurredAt}>{dateTime(event.occurredAt)}</time>
                <strong>{common.parcelStatus[event.status]}</strong>
                {(event.location || event.message) && <div>{[event.location, event.message].filter(Boolean).join(" · ")}</div>}
              </li>
            ))}
          </ol>
        </Section>
        <div>
          <Section title={say.documents}>
            {!documents?.length && <Empty>{text.noDocuments}</Empty>}
            <p class="more">
              {documents?.map(({ kind, url }) => (
                <a key={url} href={url} target="_blank" rel="noopener">
                  {common.document[kind]} <span class="for-listeners">({text.opensTab})</span>↗
                </a>
              ))}
            </p>
          </Section>
          <Section title={text.claims}>
            {parcel.claims.length === 0 && <p class="soft">{text.noClaims}</p>}
            <ul class="list">
              {parcel.claims.map((claim) => (
                <li key={claim.id}>
                  <a href={`/support/${claim.id}`}>{common.claimType[claim.type]}</a> <ClaimBadge status={claim.status} />
                  <div class="hint">
                    {common.claimKind[claim.kind]}, {date(claim.openedAt)}
                    {claim.opensParcel && ` · ${text.opened}`}
                  </div>
                </li>
              ))}
            </ul>
            <a class="button" href={`/support/new?parcel=${parcel.id}`}>
              {text.file}
            </a>
          </Section>
        </div>
      </div>
    </>
  );
}

function size({ lengthMm, widthMm, heightMm }: Shown): string {
  return `${[lengthMm, widthMm, heightMm].map((each) => (each === null ? "?" : number(each / 10))).join(" × ")} cm`;
}
