import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { Failure } from "../../common/answers";
import { date } from "../../common/format";
import { useLive } from "../../common/live";
import { place } from "../../common/route";
import { Input, Select } from "../../common/ui/Field";
import { Empty, Help, Notice, Waiting } from "../../common/ui/Notice";
import { Page } from "../../common/ui/Page";
import { Pager, type Window } from "../../common/ui/Pager";
import type { Basis } from "../../gql/enums";
import { type AccessLogFilter, AccessLogPageDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { Group } from "./Group";
import { grouped } from "./grouped";
import { words } from "./words";

const SIZE = 50;
const PAUSE_MS = 250;
const ALL = { agent: "", basis: "", from: "", until: "" };

/** Dates are whole days where the viewer is. */
function asFilter({ agent, basis, from, until }: typeof ALL, parcelId: string | null): AccessLogFilter {
  const filter: AccessLogFilter = {};
  if (parcelId) {
    filter.parcelId = parcelId;
  }
  if (agent) {
    filter.agent = agent;
  }
  if (basis) {
    filter.basis = basis as Basis;
  }
  if (from) {
    filter.from = new Date(`${from}T00:00`).toISOString();
  }
  if (until) {
    filter.before = new Date(new Date(`${until}T00:00`).setHours(24)).toISOString();
  }
  return filter;
}

export default function AccessLogPage() {
  const { nav } = panel.value;
  const text = words.value;
  const parcel = place.value.search.get("parcel");
  const wanted = useSignal(ALL);
  const window = useSignal<Window>({ first: SIZE });
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  const filter = asFilter(wanted.value, parcel);
  const { data, problems, failure, asking, refresh } = useLive(AccessLogPageDocument, { ...window.value, filter });
  const log = data.value?.viewer?.account?.accessLog;
  const trouble = failure.value ?? (log ? undefined : Failure.first(problems.value));
  const set = (name: keyof typeof ALL, value: string) => {
    wanted.value = { ...wanted.peek(), [name]: value };
    window.value = { first: SIZE };
  };
  if (trouble?.reason === "MERCHANT_ROLE") {
    return (
      <Page title={nav.accessLog}>
        <Notice>{text.managers}</Notice>
      </Page>
    );
  }
  return (
    <Page title={nav.accessLog}>
      <p class="soft">{text.lead}</p>
      {parcel && (
        <Notice tone="key">
          {text.oneParcel} <a href="/access-log">{text.allParcels}</a>
        </Notice>
      )}
      <form class="filters" role="search" onSubmit={(event) => event.preventDefault()}>
        <Input
          label={text.agent}
          type="search"
          maxLength={255}
          onInput={({ currentTarget: { value } }) => {
            clearTimeout(pause.current);
            pause.current = setTimeout(() => set("agent", value.trim()), PAUSE_MS);
          }}
        />
        <Select label={text.basis} value={wanted.value.basis} onChange={(event) => set("basis", event.currentTarget.value)}>
          <option value="">{text.any}</option>
          <option value="CONSENT">{text.consent}</option>
          <option value="CLAIM">{text.claim}</option>
        </Select>
        <Input label={text.from} type="date" onChange={(event) => set("from", event.currentTarget.value)} />
        <Input label={text.until} type="date" onChange={(event) => set("until", event.currentTarget.value)} />
      </form>
      {trouble && <Help failure={trouble} again={refresh} />}
      {!log && asking.value && <Waiting />}
      {log?.nodes.length === 0 && <Empty>{Object.keys(filter).length > 0 ? text.noneFound : text.none}</Empty>}
      {log && (
        <>
          {grouped(log.nodes).map(({ day, groups }) => (
            <section key={day} class="card" aria-busy={asking.value || undefined}>
              <h2>{date(day)}</h2>
              <ul class="list">
                {groups.map((events) => (
                  <Group key={events[0].id} events={events} />
                ))}
              </ul>
            </section>
          ))}
          <Pager info={log.pageInfo} size={SIZE} window={window} busy={asking.value} />
        </>
      )}
    </Page>
  );
}
