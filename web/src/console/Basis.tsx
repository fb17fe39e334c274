import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { LANGUAGES, type Language } from "../common/language";
import type { Hidden } from "../common/live";
import { Action } from "../common/ui/Action";
import { Countdown } from "../common/ui/Countdown";
import { Select } from "../common/ui/Field";
import { say } from "../common/ui/say";
import type { Basis as BasisWord } from "../gql/enums";
import { loaders, words } from "./words";

export interface Merchant {
  companyName: string;
  country: string;
  agentLogin: { state: "OFF" | "ACTIVE"; consent: { state: string; expiresAt: string } | null };
}

interface Props {
  merchant: Merchant;
  /** Of one parcel: what is shown of it, and on what basis. */
  disclosure?: { shown: boolean; basis: BasisWord | null; reason: Hidden | null } | undefined;
  /** What was shown is hidden for the moment, and why. */
  hidden: Hidden | undefined;
}

/** Whose data this is, on what basis it is seen, for how long, and that it is recorded; or why it is hidden, and what to do. Each change is said once. */
export function Basis({ merchant, disclosure, hidden }: Props) {
  const { basis, common } = words.value;
  const { companyName, agentLogin } = merchant;
  const until = hidden === undefined && agentLogin.state === "ACTIVE" ? agentLogin.consent?.expiresAt : undefined;
  const shown = disclosure ? disclosure.shown : until !== undefined;
  const now = hidden === "CONNECTION_LOST" ? "lost" : !shown ? "hidden" : until !== undefined && disclosure?.basis !== "CLAIM" ? "byConsent" : "byClaim";
  const told = now === "lost" ? common.connection.lostHidden : basis[now](companyName);
  const last = useRef(now);
  useEffect(() => {
    if (now !== "lost" && now !== last.current) {
      last.current = now;
      say(told);
    }
  }, [now]);
  if (now === "byConsent" || now === "byClaim") {
    return (
      <div class="strip key basis">
        <p>
          <strong>{told}</strong> {now === "byClaim" ? basis.readOnly : until && <>{basis.left} <Countdown until={until} /></>}
        </p>
        <p>{basis.recorded}</p>
      </div>
    );
  }
  return (
    <div class="strip basis">
      <p>
        <strong>{told}</strong> {now === "hidden" && (until ? common.why[disclosure?.reason ?? "UNDECIDED"] : basis.why)}
      </p>
      {now === "hidden" && until === undefined && <AskForAccess country={merchant.country} />}
    </div>
  );
}

/** The language that is likely read there: of the merchant's own, only the country is known without permission. */
const SPOKEN: Record<string, Language> = { NL: "nl", BE: "nl", ES: "es", MX: "es", DE: "de", AT: "de", CH: "de", FR: "fr", LU: "fr", MC: "fr", IT: "it", SM: "it" };

/** What to send the merchant when access is needed: a link to where they grant it, and words to go with it in their language. */
function AskForAccess({ country }: { country: string }) {
  const { ask } = words.value;
  const link = `${location.origin}/settings/account#agent-login`;
  const tongue = useSignal(SPOKEN[country] ?? "en");
  const message = useSignal("");
  const told = useSignal("");
  useEffect(() => {
    const wanted = tongue.value;
    loaders[wanted]().then(
      ({ default: theirs }) => {
        if (wanted === tongue.value) {
          message.value = theirs.ask.message(link);
        }
      },
      () => {
        message.value = ask.message(link); // no connection: then in ours
      },
    );
  }, [tongue.value]);
  const copy = async (text: string) => {
    told.value = await navigator.clipboard.writeText(text).then(
      () => ask.copied,
      () => ask.notCopied,
    );
    say(told.value);
  };
  return (
    <details class="ask">
      <summary>{ask.title}</summary>
      <Select
        label={ask.language}
        value={tongue.value}
        onChange={(event) => {
          tongue.value = event.currentTarget.value as Language;
        }}
      >
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </Select>
      <p class="quote" lang={tongue.value}>
        {message.value}
      </p>
      <div class="actions">
        <Action kind="main" onClick={() => copy(message.value)}>
          {ask.copy}
        </Action>
        <Action onClick={() => copy(link)}>{ask.copyLink}</Action>
        <span class="soft">{told.value}</span>
      </div>
    </details>
  );
}
