import { effect, signal, useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { change } from "../../common/ask";
import { whyNot } from "../../common/decisions";
import { country, date } from "../../common/format";
import { useLive } from "../../common/live";
import { viewer } from "../../common/session";
import { Action, useDoing } from "../../common/ui/Action";
import { ParcelBadge } from "../../common/ui/Badge";
import { Empty, Help, Waiting } from "../../common/ui/Notice";
import { Page } from "../../common/ui/Page";
import { Pager, type Window } from "../../common/ui/Pager";
import { say } from "../../common/ui/say";
import { ExportParcelsDocument, ParcelsDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { ALL, asFilter, Filters } from "./Filters";
import { words } from "./words";

const SIZE = 50;

// Where somebody was in the list outlives a look at one parcel, and ends with the session. It is nowhere but here: not in the address.
const wanted = signal(ALL);
const window = signal<Window>({ first: SIZE });
effect(() => {
  if (!viewer.value) {
    wanted.value = ALL;
    window.value = { first: SIZE };
  }
});

export default function ParcelsPage() {
  const { nav, common } = panel.value;
  const text = words.value;
  const filter = asFilter(wanted.value);
  const { data, failure, asking, refresh } = useLive(ParcelsDocument, { ...window.value, filter });
  const last = useRef(wanted.peek());
  useSignalEffect(() => {
    if (wanted.value !== last.current) {
      last.current = wanted.value;
      window.value = { first: SIZE }; // of what is asked for now, the first page
    }
  });
  const carriers = useRef(new Set<string>());
  const exporting = useDoing();
  const parcels = data.value?.parcels;
  const account = data.value?.viewer?.account;
  for (const { carrier } of parcels?.nodes ?? []) {
    if (carrier) {
      carriers.current.add(carrier);
    }
  }
  const exportAll = () =>
    exporting.run(async () => {
      const made = await change(ExportParcelsDocument, { account: account?.id ?? "", filter });
      download(made.exportParcels?.url ?? "");
      say(text.exported);
    });
  const filtered = Object.keys(filter).length > 0;
  const clear = () => {
    wanted.value = ALL;
  };
  return (
    <Page
      title={nav.parcels}
      actions={
        account && (
          <Action busy={exporting.busy.value} why={whyNot(account.decisions, "EXPORT_PARCELS")} onClick={exportAll}>
            {text.export}
          </Action>
        )
      }
    >
      {exporting.failure.value && <Help failure={exporting.failure.value} />}
      <Filters wanted={wanted} carriers={[...carriers.current]} />
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!parcels && asking.value && <Waiting />}
      {parcels?.nodes.length === 0 && (
        <Empty>
          {filtered ? text.noneFound : text.none}{" "}
          {filtered && (
            <button type="button" class="quiet" onClick={clear}>
              {text.clear}
            </button>
          )}
        </Empty>
      )}
      {parcels && parcels.nodes.length > 0 && (
        <>
          <div class="table" aria-busy={asking.value || undefined}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{common.parcel.recipient}</th>
                  <th scope="col">{common.parcel.city}</th>
                  <th scope="col">{common.parcel.country}</th>
                  <th scope="col">{common.parcel.orderNumber}</th>
                  <th scope="col">{common.parcel.trackingNumber}</th>
                  <th scope="col">{common.parcel.status}</th>
                  <th scope="col">{common.parcel.carrier}</th>
                  <th scope="col">{common.parcel.createdAt}</th>
                </tr>
              </thead>
              <tbody>
                {parcels.nodes.map((parcel) => (
                  <tr key={parcel.id}>
                    <th scope="row">
                      <a href={`/parcels/${parcel.id}`}>{parcel.recipient.name || parcel.recipient.companyName || common.parcel.one}</a>
                    </th>
                    <td data-label={common.parcel.city}>{parcel.recipient.city ?? "–"}</td>
                    <td data-label={common.parcel.country}>{parcel.recipient.country ? country(parcel.recipient.country) : "–"}</td>
                    <td data-label={common.parcel.orderNumber}>{parcel.orderNumber ?? "–"}</td>
                    <td data-label={common.parcel.trackingNumber}>{parcel.trackingNumber ?? "–"}</td>
                    <td data-label={common.parcel.status}>
                      <ParcelBadge status={parcel.status} />
                    </td>
                    <td data-label={common.parcel.carrier}>{parcel.carrier ?? "–"}</td>
                    <td data-label={common.parcel.createdAt}>
                      <time>{date(parcel.createdAt)}</time>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Pager info={parcels.pageInfo} size={SIZE} window={window} busy={asking.value} />
        </>
      )}
    </Page>
  );
}

/** The link is good once, so it is followed at once and kept nowhere. */
function download(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}
