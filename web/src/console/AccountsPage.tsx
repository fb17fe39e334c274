import { useSignal } from "@preact/signals";
import { country, date } from "../common/format";
import { useLive } from "../common/live";
import { Countdown } from "../common/ui/Countdown";
import { Input, Select } from "../common/ui/Field";
import { Empty, Help, Waiting } from "../common/ui/Notice";
import { Page } from "../common/ui/Page";
import { Pager, type Window } from "../common/ui/Pager";
import type { Basis } from "../gql/enums";
import { ConsoleAccountsDocument } from "../gql/graphql";
import { words } from "./words";

const SIZE = 50;

/** The directory of merchants, with what each has open for support. */
export function AccountsPage() {
  const search = useSignal("");
  const access = useSignal("");
  const window = useSignal<Window>({ first: SIZE });
  const filter = { ...(search.value ? { search: search.value } : {}), ...(access.value ? { access: [access.value as Basis] } : {}) };
  const { data, failure, asking, refresh } = useLive(ConsoleAccountsDocument, { filter, ...window.value });
  const { nav, accounts: words_, queue, common } = words.value;
  const found = data.value?.accounts;
  const narrow = (change: () => void) => {
    change();
    window.value = { first: SIZE };
  };
  return (
    <Page title={nav.accounts}>
      <div class="filters" role="search">
        <div class="search">
          <Input
            label={words_.search}
            type="search"
            value={search.value}
            onInput={(event) => {
              const { value } = event.currentTarget;
              narrow(() => { search.value = value; });
            }}
          />
        </div>
        <Select
          label={words_.access}
          value={access.value}
          onChange={(event) => {
            const { value } = event.currentTarget;
            narrow(() => { access.value = value; });
          }}
        >
          <option value="">{words_.any}</option>
          <option value="CONSENT">{words_.consent}</option>
          <option value="CLAIM">{words_.claim}</option>
        </Select>
      </div>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!found && asking.value && <Waiting />}
      {found?.nodes.length === 0 && <Empty>{words_.none}</Empty>}
      {found && found.nodes.length > 0 && (
        <>
          <div class="table">
            <table>
              <thead>
                <tr>
                  <th scope="col">{queue.merchant}</th>
                  <th scope="col">{common.parcel.country}</th>
                  <th scope="col">{words_.login}</th>
                  <th scope="col">{words_.claims}</th>
                  <th scope="col">{words_.since}</th>
                </tr>
              </thead>
              <tbody>
                {found.nodes.map((account) => (
                  <tr key={account.id}>
                    <th scope="row">
                      <a href={`/console/accounts/${account.id}`}>{account.companyName}</a>
                    </th>
                    <td data-label={common.parcel.country}>{country(account.country)}</td>
                    <td data-label={words_.login}>
                      {account.agentLogin.state === "ACTIVE" && account.agentLogin.consent ? (
                        <Countdown until={account.agentLogin.consent.expiresAt} />
                      ) : (
                        <span class="soft">{words_.off}</span>
                      )}
                    </td>
                    <td data-label={words_.claims}>{(account.claims?.nodes.length ?? 0) > 0 ? common.yes : common.no}</td>
                    <td data-label={words_.since}>{date(account.createdAt)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Pager info={found.pageInfo} size={SIZE} window={window} busy={asking.value} />
        </>
      )}
    </Page>
  );
}
