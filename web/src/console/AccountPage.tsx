import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { whyNot } from "../common/decisions";
import { country, date } from "../common/format";
import { useLive } from "../common/live";
import { Empty, Help, Waiting } from "../common/ui/Notice";
import { Page } from "../common/ui/Page";
import { Pager, type Window } from "../common/ui/Pager";
import { ParcelBadge } from "../common/ui/Badge";
import { ConsoleAccountDocument } from "../gql/graphql";
import { accountPages } from "./accountPages";
import { Basis } from "./Basis";
import { ALL, asFilter, Filters, type Wanted } from "./Filters";
import { Never } from "./Never";
import { PersonalCell } from "./Personal";
import { words } from "./words";

const SIZE = 100;

/** One merchant: their parcels, with what is personal shown or saying why not. */
export function AccountPage({ id }: { id: string }) {
  const wanted = useSignal(ALL);
  const window = useSignal<Window>({ first: SIZE });
  const filter = asFilter(wanted.value);
  const { data, failure, asking, hidden, refresh } = useLive(ConsoleAccountDocument, { id, filter, ...window.value }, { account: id });
  const account = data.value?.account;
  const whyNoSearch = hidden.value ? words.value.common.why[hidden.value] : whyNot(account?.decisions, "SEARCH_PERSONAL_DATA");
  const searched = wanted.value.search !== "";
  const over = account !== undefined && whyNoSearch !== undefined && hidden.value !== "CONNECTION_LOST";
  useEffect(() => {
    if (over && searched) {
      narrow({ ...wanted.value, search: "" }); // what was searched for is personal too, and so is what it found
    }
  }, [over, searched]);
  const narrow = (to: Wanted) => {
    wanted.value = to;
    window.value = { first: SIZE };
  };
  const { account: words_, common } = words.value;
  const parcels = searched && whyNoSearch !== undefined ? undefined : account?.parcels;
  const back = { address: "/console/accounts", label: words.value.nav.accounts };
  if (!account) {
    return (
      <Page title={words_.title} back={back}>
        {failure.value ? <Help failure={failure.value} again={refresh} /> : asking.value ? <Waiting /> : <Empty>{common.failure.NOT_FOUND}</Empty>}
      </Page>
    );
  }
  const names = common.parcel;
  return (
    <Page title={words_.title} heading={account.companyName} back={back} beside={accountPages(id)}>
      <Basis merchant={account} hidden={hidden.value} />
      {failure.value && <Help failure={failure.value} again={refresh} />}
      <Filters wanted={wanted} onWanted={narrow} why={whyNoSearch} over={over} />
      {!parcels && asking.value && <Waiting />}
      {parcels?.nodes.length === 0 && <Empty>{words_.none}</Empty>}
      {parcels && parcels.nodes.length > 0 && (
        <>
          <div class="table">
            <table>
              <thead>
                <tr>
                  <th scope="col">{names.one}</th>
                  <th scope="col">{names.recipient}</th>
                  <th scope="col">{names.city}</th>
                  <th scope="col">{names.country}</th>
                  <th scope="col">{names.orderNumber}</th>
                  <th scope="col">{names.trackingNumber}</th>
                  <th scope="col">{names.status}</th>
                </tr>
              </thead>
              <tbody>
                {parcels.nodes.map((parcel) => (
                  <tr key={parcel.id}>
                    <th scope="row">
                      <a href={`/console/parcels/${parcel.id}`}>
                        {date(parcel.createdAt)} {parcel.carrier}
                      </a>
                    </th>
                    <PersonalCell name={names.recipient} of={parcel.disclosure}>
                      {parcel.recipient.name}
                    </PersonalCell>
                    <PersonalCell name={names.city} of={parcel.disclosure}>
                      {parcel.recipient.city}
                    </PersonalCell>
                    <td data-label={names.country}>{parcel.recipient.country && country(parcel.recipient.country)}</td>
                    <PersonalCell name={names.orderNumber} of={parcel.disclosure}>
                      {parcel.orderNumber}
                    </PersonalCell>
                    <PersonalCell name={names.trackingNumber} of={parcel.disclosure}>
                      {parcel.trackingNumber}
                    </PersonalCell>
                    <td data-label={names.status}>
                      <ParcelBadge status={parcel.status} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Pager info={parcels.pageInfo} size={SIZE} window={window} busy={asking.value} />
        </>
      )}
      <Never actions={["VIEW_DIRECT_DEBIT", "EXPORT_PARCELS", "DELETE_PARCEL", "GRANT_CONSENT", "DELETE_ACCOUNT"]} decisions={account.decisions} />
    </Page>
  );
}
