import { say } from "../common/ui/say";
import { useSignal } from "@preact/signals";
import type { Basis as BasisWord, Reason } from "../gql/enums";
import { Countdown } from "../common/ui/Countdown";
import { words } from "./words";

export interface Login {
  state: "OFF" | "ACTIVE";
  consent: { state: string; expiresAt: string } | null;
}

interface Props {
  company: string;
  login: Login;
  /** Of one parcel: what is shown of it, and on what basis. */
  disclosure?: { shown: boolean; basis: BasisWord | null; reason: Reason | null };
}

/** Whose data this is, on what basis it is seen, for how long, and that it is recorded; or why it is hidden, and what to do. */
export function Basis({ company, login, disclosure }: Props) {
  const { basis } = words.value;
  const live = login.state === "ACTIVE" && login.consent;
  if (live && (!disclosure || disclosure.basis === "CONSENT" || disclosure.shown)) {
    return (
      <div class="strip key basis">
        <p>
          <strong>{basis.byConsent(company)}</strong> {basis.left} <Countdown until={live.expiresAt} />
        </p>
        <p>{basis.recorded}</p>
      </div>
    );
  }
  if (disclosure?.shown) {
    return (
      <div class="strip key basis">
        <p>
          <strong>{basis.byClaim(company)}</strong> {basis.readOnly}
        </p>
        <p>{basis.recorded}</p>
      </div>
    );
  }
  return (
    <div class="strip basis">
      <p>
        <strong>{basis.hidden(company)}</strong> {basis.why}
      </p>
      <AskForAccess />
    </div>
  );
}

/** What to send the merchant when access is needed: a link to where they grant it, and words to go with it. */
function AskForAccess() {
  const { ask } = words.value;
  const copied = useSignal(false);
  const link = `${location.origin}/settings/account#agent-login`;
  const text = ask.message(link);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    copied.value = true;
    say(ask.copied);
  };
  return (
    <details class="ask">
      <summary>{ask.title}</summary>
      <p class="quote">{text}</p>
      <button type="button" onClick={copy}>
        {copied.value ? ask.copied : ask.copy}
      </button>
    </details>
  );
}
