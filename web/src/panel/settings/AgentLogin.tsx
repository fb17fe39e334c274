import { useSignal } from "@preact/signals";
import { change } from "../../common/ask";
import { may, whyNot } from "../../common/decisions";
import { dateTime } from "../../common/format";
import { changed, useLive } from "../../common/live";
import { Action, useDoing } from "../../common/ui/Action";
import { Countdown } from "../../common/ui/Countdown";
import { Select } from "../../common/ui/Field";
import { lazy } from "../../common/ui/lazy";
import { Help, Waiting } from "../../common/ui/Notice";
import { Fact, Facts, Section } from "../../common/ui/Page";
import type { ConsentDuration } from "../../gql/enums";
import { AgentLoginPageDocument, GrantPermissionDocument, RevokePermissionDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { Links } from "./Links";
import { words } from "./words";

const History = lazy(() => import("./History").then((module) => module.History));

/** Settings > Account > Agent login: the key to the account, lent to support and taken back. */
export function AgentLogin() {
  const { common, agentLogin: title } = panel.value;
  const say = words.value.login;
  const { data, failure, asking, refresh } = useLive(AgentLoginPageDocument, {});
  const wanted = useSignal<ConsentDuration>("EIGHT_HOURS");
  const unfolded = useSignal(false);
  const doing = useDoing();
  const account = data.value?.viewer?.account;
  if (!account) {
    return (
      <Section id="agent-login" title={title}>
        {failure.value && <Help failure={failure.value} again={refresh} />}
        {asking.value && <Waiting />}
      </Section>
    );
  }
  const { agentLogin, decisions } = account;
  const { consent } = agentLogin;
  const live = agentLogin.state === "ACTIVE" ? consent : null;
  const run = (task: () => Promise<unknown>) => doing.run(() => task().finally(() => changed(account.id)));
  const grant = () => run(() => change(GrantPermissionDocument, { account: account.id, duration: wanted.value }));
  const revoke = () => run(() => change(RevokePermissionDocument, { account: account.id }));
  return (
    <Section
      id="agent-login"
      title={title}
      state={<span class={live ? "badge key" : "badge"}>{live ? say.on : say.off}</span>}
    >
      <p>{live ? say.leadOn : say.lead}</p>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {live && (
        <div class="notice key">
          <Facts>
            <Fact name={say.left}>
              <Countdown until={live.expiresAt} />
            </Fact>
            <Fact name={say.grantedBy}>
              {live.grantedBy}, {dateTime(live.grantedAt)}
            </Fact>
          </Facts>
          <Action kind="danger" busy={doing.busy.value} why={whyNot(decisions, "REVOKE_CONSENT")} onClick={revoke}>
            {common.action.REVOKE_CONSENT}
          </Action>
        </div>
      )}
      <div class="columns">
        <Can title={say.sees} list={say.seesList} />
        <Can title={say.never} list={say.neverList} />
      </div>
      <p class="soft">
        {say.always} <a href="/access-log">{say.accessLog}</a>. {say.without}
      </p>
      {live && <h3>{say.again}</h3>}
      <div class="filters">
        <Select
          label={say.duration}
          value={wanted.value}
          onChange={(event) => {
            wanted.value = event.currentTarget.value as ConsentDuration;
          }}
        >
          {agentLogin.durations.map((each) => (
            <option key={each} value={each}>
              {common.duration[each]}
            </option>
          ))}
        </Select>
        <Action kind={live ? "plain" : "main"} busy={doing.busy.value} why={whyNot(decisions, "GRANT_CONSENT")} onClick={grant}>
          {common.action.GRANT_CONSENT}
        </Action>
      </div>
      {live && <p class="hint">{say.againHint}</p>}
      {doing.failure.value && <Help failure={doing.failure.value} />}
      {!live && consent?.endedAt && <p class="hint">{say.last(dateTime(consent.endedAt))}</p>}
      <Links />
      {may(decisions, "VIEW_ACCESS_LOG") ? (
        <details
          onToggle={(event) => {
            unfolded.value = event.currentTarget.open;
          }}
        >
          <summary>{say.history}</summary>
          {unfolded.value && <History />}
        </details>
      ) : (
        <p class="hint">{say.forManagers}</p>
      )}
    </Section>
  );
}

function Can({ title, list }: { title: string; list: string[] }) {
  return (
    <div>
      <h3>{title}</h3>
      <ul>
        {list.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
    </div>
  );
}
