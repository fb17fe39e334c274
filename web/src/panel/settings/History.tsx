import { useSignal } from "@preact/signals";
import { dateTime } from "../../common/format";
import { useLive } from "../../common/live";
import { Empty, Help, Waiting } from "../../common/ui/Notice";
import { Pager, type Window } from "../../common/ui/Pager";
import { AgentLoginHistoryDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { words } from "./words";

const SIZE = 10;

/** Every permission that was granted: by whom, for how long, and what ended it. */
export function History() {
  const { common } = panel.value;
  const say = words.value.login;
  const window = useSignal<Window>({ first: SIZE });
  const { data, failure, asking, refresh } = useLive(AgentLoginHistoryDocument, window.value);
  const history = data.value?.viewer?.account?.agentLogin.history;
  return (
    <>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!history && asking.value && <Waiting />}
      {history?.nodes.length === 0 && <Empty>{say.noHistory}</Empty>}
      {history && history.nodes.length > 0 && (
        <>
          <div class="table">
            <table>
              <thead>
                <tr>
                  <th scope="col">{say.grantedAt}</th>
                  <th scope="col">{say.grantedBy}</th>
                  <th scope="col">{say.duration}</th>
                  <th scope="col">{say.state}</th>
                  <th scope="col">{say.endedAt}</th>
                  <th scope="col">{say.endedBy}</th>
                </tr>
              </thead>
              <tbody>
                {history.nodes.map((consent) => (
                  <tr key={consent.id}>
                    <th scope="row">{dateTime(consent.grantedAt)}</th>
                    <td data-label={say.grantedBy}>{consent.grantedBy}</td>
                    <td data-label={say.duration}>{common.duration[consent.duration]}</td>
                    <td data-label={say.state}>
                      <span class={consent.state === "ACTIVE" ? "badge key" : "badge"}>{common.consentState[consent.state]}</span>
                    </td>
                    <td data-label={say.endedAt}>{consent.endedAt ? dateTime(consent.endedAt) : "–"}</td>
                    <td data-label={say.endedBy}>{consent.endedBy ?? "–"}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <Pager info={history.pageInfo} size={SIZE} window={window} busy={asking.value} />
        </>
      )}
    </>
  );
}
