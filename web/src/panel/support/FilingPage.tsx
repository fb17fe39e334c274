import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Failure } from "../../common/answers";
import { change } from "../../common/ask";
import { useLive } from "../../common/live";
import { go, place } from "../../common/route";
import { Action, useDoing } from "../../common/ui/Action";
import { ParcelBadge } from "../../common/ui/Badge";
import { Input, Select, TextArea } from "../../common/ui/Field";
import { Empty, Help, Notice, Waiting } from "../../common/ui/Notice";
import { Page, Section } from "../../common/ui/Page";
import { say } from "../../common/ui/say";
import type { ClaimKind, ClaimType } from "../../gql/enums";
import { FileClaimDocument, ParcelsToFileDocument, type ParcelToFileQuery, ParcelToFileDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { words } from "./words";

type Found = NonNullable<ParcelToFileQuery["parcel"]>;

const PAUSE_MS = 250;

/** A new claim or question: about the parcel in the address, or one to be chosen. */
export default function FilingPage() {
  const text = words.value;
  const id = place.value.search.get("parcel");
  return (
    <Page title={text.new} back={{ address: "/support", label: text.title }}>
      {id ? <Filing key={id} id={id} /> : <Choosing />}
    </Page>
  );
}

function Choosing() {
  const text = words.value;
  const search = useSignal("");
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { data, failure, asking, refresh } = useLive(ParcelsToFileDocument, { search: search.value || null });
  const parcels = data.value?.parcels?.nodes;
  return (
    <Section title={text.choose}>
      <Input
        label={text.search}
        hint={text.searchHint}
        type="search"
        maxLength={255}
        onInput={({ currentTarget: { value } }) => {
          clearTimeout(pause.current);
          pause.current = setTimeout(() => {
            search.value = value.trim();
          }, PAUSE_MS);
        }}
      />
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!parcels && asking.value && <Waiting />}
      {parcels?.length === 0 && <Empty>{text.noneFound}</Empty>}
      <ul class="list">
        {parcels?.map((parcel) => (
          <li key={parcel.id}>
            <a href={`/support/new?parcel=${parcel.id}`}>
              <About parcel={parcel} />
            </a>{" "}
            <ParcelBadge status={parcel.status} />
          </li>
        ))}
      </ul>
    </Section>
  );
}

function About({ parcel: { recipient, orderNumber, trackingNumber } }: { parcel: Found }) {
  return <>{[recipient.name || recipient.companyName, recipient.city, orderNumber, trackingNumber].filter(Boolean).join(" · ")}</>;
}

function Filing({ id }: { id: string }) {
  const { common } = panel.value;
  const text = words.value;
  const { data, problems, failure, asking, refresh } = useLive(ParcelToFileDocument, { id });
  const doing = useDoing();
  const parcel = data.value?.parcel;
  const trouble = failure.value ?? (parcel ? undefined : Failure.first(problems.value));
  const submit = async (event: Event) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    await doing.run(async () => {
      const kind = given.get("kind") as ClaimKind;
      const type = given.get("type") as ClaimType;
      const { fileClaim } = await change(FileClaimDocument, { input: { parcelId: id, kind, type, description: String(given.get("description")) } });
      say(text.filed);
      go(`/support/${fileClaim?.claim.id}`, { replace: true });
    });
  };
  return (
    <Section title={common.parcel.one}>
      {trouble && <Help failure={trouble} again={refresh} />}
      {!parcel && asking.value && <Waiting />}
      {parcel && (
        <p>
          <a href={`/parcels/${id}`}>
            <About parcel={parcel} />
          </a>{" "}
          <ParcelBadge status={parcel.status} />
        </p>
      )}
      <p>
        <a href="/support/new">{text.other}</a>
      </p>
      {parcel && (
        <form onSubmit={submit}>
          <div class="form">
            <Select label={text.kind} name="kind">
              {Object.entries(common.claimKind).map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </Select>
            <Select label={text.type} name="type">
              {Object.entries(common.claimType).map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </Select>
          </div>
          <TextArea label={text.description} hint={text.descriptionHint} name="description" required maxLength={10_000} rows={6} />
          <Notice tone="key">{text.lets}</Notice>
          {doing.failure.value && <Help failure={doing.failure.value} />}
          <Action kind="main" type="submit" busy={doing.busy.value}>
            {text.file}
          </Action>
        </form>
      )}
    </Section>
  );
}
