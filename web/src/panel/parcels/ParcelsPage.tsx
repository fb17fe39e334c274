import { useSignal } from "@preact/signals";
import { dateTime } from "../../common/format";
import { useLive } from "../../common/live";
import { Help, Waiting } from "../../common/ui/Notice";
import { Page } from "../../common/ui/Page";
import { Pager, type Window } from "../../common/ui/Pager";
import { ParcelsDocument } from "../../gql/graphql";
import { words } from "../words";

const SIZE = 50;

export default function ParcelsPage() {
  const window = useSignal<Window>({ first: SIZE });
  const { data, failure, asking, refresh } = useLive(ParcelsDocument, window.value);
  const { nav, common } = words.value;
  const parcels = data.value?.parcels;
  return (
    <Page title={nav.parcels}>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!parcels && asking.value && <Waiting />}
      {parcels && (
        <>
          <div class="table">
            <table>
              <thead>
                <tr>
                  <th scope="col">{common.parcel.recipient}</th>
                  <th scope="col">{common.parcel.city}</th>
                  <th scope="col">{common.parcel.status}</th>
                  <th scope="col">{common.parcel.createdAt}</th>
                </tr>
              </thead>
              <tbody>
                {parcels.nodes.map((parcel) => (
                  <tr key={parcel.id}>
                    <th scope="row">{parcel.recipient.name}</th>
                    <td>{parcel.recipient.city}</td>
                    <td>{common.parcelStatus[parcel.status]}</td>
                    <td>{dateTime(parcel.createdAt)}</td>
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
