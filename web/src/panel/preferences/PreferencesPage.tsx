import type { ResultOf } from "@graphql-typed-document-node/core";
import { may } from "../../common/decisions";
import { useLive } from "../../common/live";
import { Help, Notice, Waiting } from "../../common/ui/Notice";
import { Fact, Facts, Section } from "../../common/ui/Page";
import { Value } from "../../common/ui/Withheld";
import { PreferencesPageDocument } from "../../gql/graphql";
import { SettingsPage } from "../SettingsPage";
import { words as panel } from "../words";
import { Form } from "./Form";
import { asLine } from "./senders";
import { words } from "./words";

type Account = NonNullable<NonNullable<ResultOf<typeof PreferencesPageDocument>["viewer"]>["account"]>;
export type Settings = NonNullable<Account["settings"]>;

export default function PreferencesPage() {
  const { data, failure, asking, refresh } = useLive(PreferencesPageDocument, {});
  const account = data.value?.viewer?.account;
  const again = async () => {
    await refresh();
    return data.peek()?.viewer?.account?.settings ?? undefined;
  };
  return (
    <SettingsPage>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!account && asking.value && <Waiting />}
      {account?.settings &&
        (may(account.decisions, "CHANGE_SETTINGS") ? (
          <Form account={account.id} settings={account.settings} again={again} />
        ) : (
          <ReadOnly settings={account.settings} />
        ))}
    </SettingsPage>
  );
}

function ReadOnly({ settings }: { settings: Settings }) {
  const { common } = panel.value;
  const text = words.value;
  const fact = (name: string, value: string | null) => (
    <Fact name={name}>
      <Value what={name} value={value} shown />
    </Fact>
  );
  const onOff = (on: boolean) => (on ? common.yes : common.no);
  return (
    <>
      <Notice>{text.readOnly}</Notice>
      <Section title={text.general}>
        <Facts>
          {fact(text.locale, settings.locale)}
          {fact(text.timezone, settings.timezone)}
          {fact(text.carrier, settings.defaultCarrier)}
          {fact(text.label, common.labelFormat[settings.labelFormat])}
          {fact(text.returns, onOff(settings.returnPortalEnabled))}
          {fact(text.notifications, onOff(settings.trackingNotificationsEnabled))}
        </Facts>
      </Section>
      <Section title={text.senders}>
        <ul class="list">
          {settings.senderAddresses?.map((address, index) => (
            <li key={index}>{asLine(address)}</li>
          ))}
        </ul>
      </Section>
      <Section title={text.channels}>
        <p class="soft">{text.channelsHint}</p>
        <Facts>
          {fact(text.replyTo, settings.notificationReplyTo)}
          {fact(text.bcc, settings.notificationBcc)}
          {fact(text.webhook, settings.webhookUrl)}
        </Facts>
      </Section>
    </>
  );
}
