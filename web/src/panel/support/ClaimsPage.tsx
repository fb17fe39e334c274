import { useSignal } from "@preact/signals";
import { date } from "../../common/format";
import { useLive } from "../../common/live";
import { ClaimBadge } from "../../common/ui/Badge";
import { Select } from "../../common/ui/Field";
import { Empty, Help, Waiting } from "../../common/ui/Notice";
import { Page } from "../../common/ui/Page";
import { Pager, type Window } from "../../common/ui/Pager";
import { ClaimsPageDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { words } from "./words";

const SIZE = 50;

export default function ClaimsPage() {
  const { common } = panel.value;
  const text = words.value;
  const show = useSignal<"open" | "closed" | "all">("open");
  const window = useSignal<Window>({ first: SIZE });
  const open = show.value === "all" ? null : show.value === "open";
  const { data, failure, asking, refresh } = useLive(ClaimsPageDocument, { ...window.value, open });
  const claims = data.value?.claims;
  return (
    <Page
      title={text.title}
      actions={
        <a class="button main" href="/support/new">
          {text.new}
        </a>
      }
    >
      <div class="filters">
        <Select
          label={text.show}
          value={show.value}
          onChange={(event) => {
            show.value = event.currentTarget.value as typeof show.value;
            window.value = { first: SIZE };
          }}
        >
          <option value="open">{text.open}</option>
          <option value="closed">{text.closed}</option>
          <option value="all">{text.all}</option>
        </Select>
      </div>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!claims && asking.value && <Waiting />}
      {claims?.nodes.length === 0 && <Empty>{text.none}</Empty>}
      {claims && claims.nodes.length > 0 && (
        <>
          <div class="table" aria-busy={asking.value || undefined}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{text.type}</th>
                  <th scope="col">{text.about}</th>
                  <th scope="col">{text.kind}</th>
                  <th scope="col">{common.parcel.status}</th>
                  <th scope="col">{text.opened}</th>
                  <th scope="col">{text.handledBy}</th>
                </tr>
              </thead>
              <tbody>
                {claims.nodes.map(({ id, type, kind, parcel, status, openedAt, handledBy }) => (
                  <tr key={id}>
                    <th scope="row">
                      <a href={`/support/${id}`}>{common.claimType[type]}</a>
                    </th>
                    <td data-label={text.about}>{parcel ? parcel.recipient.name || parcel.recipient.companyName || common.parcel.one : text.gone}</td>
                    <td data-label={text.kind}>{common.claimKind[kind]}</td>
                    <td data-label={common.parcel.status}>
                      <ClaimBadge status={status} />
                    </td>
                    <td data-label={text.opened}>
                      <time>{date(openedAt)}</time>
                    </td>
                    <td data-label={text.handledBy}>{handledBy ?? text.nobody}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Pager info={claims.pageInfo} size={SIZE} window={window} busy={asking.value} />
        </>
      )}
    </Page>
  );
}
