import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { change } from "../../common/ask";
import { useDraft } from "../../common/draft";
import { locale } from "../../common/language";
import { Action, useDoing } from "../../common/ui/Action";
import { DraftInput, DraftSelect } from "../../common/ui/Drafted";
import { Checkbox } from "../../common/ui/Field";
import { Help } from "../../common/ui/Notice";
import { Section } from "../../common/ui/Page";
import { say } from "../../common/ui/say";
import { SavePreferencesDocument, type UpdateSettingsInput } from "../../gql/graphql";
import { words as panel } from "../words";
import type { Settings } from "./PreferencesPage";
import { asLine, edited, filledIn, type Sender } from "./senders";
import { Senders } from "./Senders";
import { words } from "./words";

const LOCALES = ["en-GB", "en-IE", "en-US", "nl-NL", "nl-BE", "de-DE", "de-AT", "de-CH", "fr-FR", "fr-BE", "es-ES", "it-IT"];
const ON = "on";

type Fields = Record<string, string>;

/** As texts: the sender addresses as JSON, what is on or off as "on" or nothing. */
function written({ version: _, senderAddresses, returnPortalEnabled, trackingNotificationsEnabled, ...plain }: Settings): Fields {
  return {
    ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, value ?? ""])),
    returnPortalEnabled: returnPortalEnabled ? ON : "",
    trackingNotificationsEnabled: trackingNotificationsEnabled ? ON : "",
    senderAddresses: JSON.stringify(edited(senderAddresses)),
  };
}

/** Only what was changed; what was emptied is cleared. */
function asInput(accountId: string, version: number, changes: Fields): UpdateSettingsInput {
  const sent = Object.entries(changes).map(([name, value]) => {
    if (name === "senderAddresses") {
      const senders = filledIn(JSON.parse(value) as Sender[]);
      return [name, senders.length > 0 ? senders : null];
    }
    return [name, name.endsWith("Enabled") ? value === ON : value.trim() || null];
  });
  return { accountId, version, ...Object.fromEntries(sent) };
}

interface Props {
  account: string;
  settings: Settings;
  /** Ask for them as they are now. */
  again: () => Promise<Settings | undefined>;
}

/** The settings being edited. The draft ends with this form. */
export function Form({ account, settings, again }: Props) {
  const { common } = panel.value;
  const text = words.value;
  const draft = useDraft(written(settings));
  const version = useSignal(settings.version);
  const { busy, failure, run } = useDoing();
  const changes = draft.changes() as Fields;
  const unchanged = Object.keys(changes).length === 0;
  useEffect(() => {
    if (unchanged && settings.version !== version.peek()) {
      version.value = settings.version;
      draft.restart(written(settings)); // somebody else saved, and nothing was begun here
    }
  }, [settings.version]);
  const submit = async (event: Event) => {
    event.preventDefault();
    const done = await run(() => change(SavePreferencesDocument, { input: asInput(account, version.value, changes) }));
    const now = done || failure.value?.code === "CONFLICT" ? await again() : undefined;
    if (now) {
      version.value = now.version;
      draft[done ? "restart" : "rebase"](written(now));
    }
    if (done) {
      say(text.saved);
    }
  };
  const zones = useMemo(() => [...new Set([...Intl.supportedValuesOf("timeZone"), settings.timezone])], [settings.timezone]);
  const languages = new Intl.DisplayNames(locale.value, { type: "language" });
  const wrong = failure.value?.field;
  const field = (name: string, label: string) => ({ draft, name, label, wrong });
  const check = (name: string, label: string) => (
    <Checkbox label={label} checked={draft.now.value[name] === ON} onChange={(event) => draft.set(name, event.currentTarget.checked ? ON : "")} />
  );
  const senders = (of: string | undefined) => JSON.parse(of || "[]") as Sender[];
  const newSenders = draft.meanwhile("senderAddresses");
  return (
    <form onSubmit={submit}>
      <Section title={text.general}>
        <div class="form">
          <DraftSelect {...field("locale", text.locale)}>
            {[...new Set([...LOCALES, settings.locale])].map((tag) => (
              <option key={tag} value={tag}>
                {languages.of(tag)}
              </option>
            ))}
          </DraftSelect>
          <DraftSelect {...field("timezone", text.timezone)}>
            {zones.map((zone) => (
              <option key={zone} value={zone}>
                {zone.replaceAll("_", " ")}
              </option>
            ))}
          </DraftSelect>
          <DraftInput {...field("defaultCarrier", text.carrier)} hint={text.carrierHint} maxLength={64} />
          <DraftSelect {...field("labelFormat", text.label)}>
            {Object.entries(common.labelFormat).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </DraftSelect>
          <div class="whole">
            {check("returnPortalEnabled", text.returns)}
            {check("trackingNotificationsEnabled", text.notifications)}
          </div>
        </div>
      </Section>
      <Section title={text.senders}>
        {newSenders !== undefined && <p class="hint">{common.meanwhile(senders(newSenders).map(asLine).join("; ") || common.nothing)}</p>}
        <Senders
          senders={senders(draft.now.value.senderAddresses)}
          wrong={wrong}
          onChange={(wanted) => draft.set("senderAddresses", JSON.stringify(wanted))}
        />
      </Section>
      <Section title={text.channels}>
        <p class="soft">{text.channelsHint}</p>
        <div class="form">
          <DraftInput {...field("notificationReplyTo", text.replyTo)} type="email" maxLength={254} />
          <DraftInput {...field("notificationBcc", text.bcc)} type="email" maxLength={254} />
          <DraftInput {...field("webhookUrl", text.webhook)} hint={text.webhookHint} type="url" maxLength={2048} />
        </div>
      </Section>
      {failure.value && <Help failure={failure.value} />}
      <Action kind="main" type="submit" busy={busy.value} why={unchanged ? common.unchanged : undefined}>
        {common.save}
      </Action>
    </form>
  );
}
