import { Notice } from "../../common/ui/Notice";
import { Fact, Facts, Section } from "../../common/ui/Page";
import { Value } from "../../common/ui/Withheld";
import { words as panel } from "../words";
import type { Settings } from "./PreferencesPage";
import { asLine } from "./senders";
import { words } from "./words";

/** The settings for who may not change them, and why not. */
export function ReadOnly({ settings }: { settings: Settings }) {
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
