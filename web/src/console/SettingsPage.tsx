import { useEffect } from "preact/hooks";
import { change } from "../common/ask";
import { whyNot } from "../common/decisions";
import { useDraft } from "../common/draft";
import { changed, useLive } from "../common/live";
import { Action, useDoing } from "../common/ui/Action";
import { Checkbox, Input, Select } from "../common/ui/Field";
import { Empty, Help, Notice, Waiting } from "../common/ui/Notice";
import { Fact, Facts, Page, Section } from "../common/ui/Page";
import { say } from "../common/ui/say";
import { Chip } from "../common/ui/Withheld";
import { ConsoleChangeSettingsDocument, ConsoleSettingsDocument, type ConsoleSettingsQuery, type LabelFormat } from "../gql/graphql";
import { accountPages } from "./accountPages";
import { Basis } from "./Basis";
import { words } from "./words";

type Account = NonNullable<ConsoleSettingsQuery["account"]>;
type Settings = NonNullable<Account["settings"]>;

/** A merchant's settings: support helps with them under a live consent, and only then sees them. */
export function SettingsPage({ id }: { id: string }) {
  const { data, failure, asking, hidden, refresh } = useLive(ConsoleSettingsDocument, { id }, { account: id });
  const { account: words_, settings, common } = words.value;
  const account = data.value?.account;
  const back = { address: "/console/accounts", label: words.value.nav.accounts };
  if (!account) {
    return (
      <Page title={words_.settings} back={back}>
        {failure.value ? <Help failure={failure.value} again={refresh} /> : asking.value ? <Waiting /> : <Empty>{common.failure.NOT_FOUND}</Empty>}
      </Page>
    );
  }
  const masked = hidden.value === "CONNECTION_LOST"; // then the draft waits, out of sight
  const given = masked || hidden.value === undefined ? account.settings : null;
  return (
    <Page title={words_.settings} heading={account.companyName} back={back} beside={accountPages(id)}>
      <Basis merchant={account} hidden={hidden.value} />
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {given ? (
        <>
          <Form account={account} settings={given} masked={masked} />
          {!masked && <Senders settings={given} />}
        </>
      ) : (
        <Section title={words_.settings}>
          <p class="soft">
            <Chip what={words_.settings} why={hidden.value ?? account.decisions.find(({ action }) => action === "VIEW_SETTINGS")?.reason} /> {settings.withheld}
          </p>
        </Section>
      )}
      <Section title={settings.protected}>
        <p class="soft">{settings.protectedText}</p>
        <Facts>
          {[settings.webhookUrl, settings.replyTo, settings.bcc].map((name) => (
            <Fact key={name} name={name}>
              <Chip what={name} why="NEVER_FOR_AGENTS" />
            </Fact>
          ))}
        </Facts>
      </Section>
    </Page>
  );
}

function Form({ account, settings: base, masked }: { account: Account; settings: Settings; masked: boolean }) {
  const { settings, common } = words.value;
  const draft = useDraft(fields(base));
  const { busy, failure, run } = useDoing();
  useEffect(() => draft.rebase(fields(base)), [base.version]);
  const save = async (event: Event) => {
    event.preventDefault();
    const { defaultCarrier, ...rest } = draft.changes();
    const input = { accountId: account.id, version: base.version, ...rest, ...(defaultCarrier === undefined ? {} : { defaultCarrier: defaultCarrier || null }) };
    if (await run(() => change(ConsoleChangeSettingsDocument, { input }))) {
      say(common.saved);
      draft.restart(draft.now.value);
    }
    changed(account.id);
  };
  if (masked) {
    return <Notice tone="warning">{common.connection.lostHidden}</Notice>;
  }
  const now = draft.now.value;
  const hint = (name: "locale" | "timezone" | "defaultCarrier" | "labelFormat") => {
    const meanwhile = draft.meanwhile(name);
    return {
      ...(meanwhile === undefined || meanwhile === now[name] ? {} : { hint: common.meanwhile(meanwhile || common.nothing) }),
      ...(failure.value?.field === name ? { wrong: common.checkThis } : {}),
    };
  };
  return (
    <Section title={settings.title}>
      <form class="form" onSubmit={save}>
        <Input label={settings.locale} value={now.locale} {...hint("locale")} onInput={(event) => draft.set("locale", event.currentTarget.value)} />
        <Select label={settings.timezone} value={now.timezone} {...hint("timezone")} onChange={(event) => draft.set("timezone", event.currentTarget.value)}>
          {[...new Set([base.timezone, ...Intl.supportedValuesOf("timeZone")])].map((zone) => (
            <option key={zone}>{zone}</option>
          ))}
        </Select>
        <Input label={settings.carrier} value={now.defaultCarrier} {...hint("defaultCarrier")} onInput={(event) => draft.set("defaultCarrier", event.currentTarget.value)} />
        <Select label={settings.labels} value={now.labelFormat} {...hint("labelFormat")} onChange={(event) => draft.set("labelFormat", event.currentTarget.value as LabelFormat)}>
          {Object.entries(common.labelFormat).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </Select>
        <Checkbox
          label={settings.returns}
          checked={now.returnPortalEnabled}
          onChange={(event) => draft.set("returnPortalEnabled", event.currentTarget.checked)}
        />
        <Checkbox
          label={settings.notifications}
          checked={now.trackingNotificationsEnabled}
          onChange={(event) => draft.set("trackingNotificationsEnabled", event.currentTarget.checked)}
        />
        {failure.value && <Help failure={failure.value} />}
        {failure.value?.code === "CONFLICT" && <Notice>{settings.conflict}</Notice>}
        <div class="actions">
          <Action kind="main" type="submit" live busy={busy.value} why={whyNot(account.decisions, "CHANGE_SETTINGS")}>
            {common.save}
          </Action>
        </div>
      </form>
    </Section>
  );
}

function fields(settings: Settings) {
  const { locale, timezone, labelFormat, returnPortalEnabled, trackingNotificationsEnabled } = settings;
  return { locale, timezone, labelFormat, returnPortalEnabled, trackingNotificationsEnabled, defaultCarrier: settings.defaultCarrier ?? "" };
}

function Senders({ settings: { senderAddresses } }: { settings: Settings }) {
  const { settings } = words.value;
  return (
    <Section title={settings.senders}>
      {senderAddresses?.length === 0 && <p class="soft">{settings.noSenders}</p>}
      <ul class="list">
        {senderAddresses?.map((address, index) => (
          <li key={index}>
            {[address.companyName, address.contactName, [address.street, address.houseNumber].filter(Boolean).join(" "), [address.postalCode, address.city].filter(Boolean).join(" "), address.country]
              .filter(Boolean)
              .join(", ")}
          </li>
        ))}
      </ul>
    </Section>
  );
}
