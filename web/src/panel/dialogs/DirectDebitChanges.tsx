import { change } from "../../common/ask";
import { Action, useDoing } from "../../common/ui/Action";
import { Dialog } from "../../common/ui/Dialog";
import { Input } from "../../common/ui/Field";
import { Help } from "../../common/ui/Notice";
import { say } from "../../common/ui/say";
import { RemoveDirectDebitDocument, SetDirectDebitDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { words as settings } from "../settings/words";
import { words } from "./words";

interface Props {
  account: string;
  onDone: () => Promise<void>;
  onClose: () => void;
}

/** Setting the mandate, in place of one there is. What is typed here is never read back. */
export function Form({ account, onDone, onClose }: Props) {
  const { common } = panel.value;
  const text = { ...settings.value.debit, ...words.value.debit };
  const { busy, failure, run } = useDoing();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const value = (name: string) => String(given.get(name)).trim();
    const variables = { account, holder: value("holder"), iban: value("iban"), bic: value("bic") || null };
    if (await run(() => change(SetDirectDebitDocument, variables))) {
      say(common.saved);
      await onDone();
    }
  };
  const wrong = failure.value?.field;
  return (
    <form class="form" onSubmit={submit}>
      <Input label={text.holder} name="holder" required maxLength={255} />
      <Input label={text.iban} name="iban" required maxLength={64} spellcheck={false} wrong={wrong === "iban" ? text.wrongIban : undefined} />
      <Input label={text.bic} name="bic" maxLength={16} spellcheck={false} wrong={wrong === "bic" ? text.wrongBic : undefined} />
      {failure.value && <Help failure={failure.value} />}
      <div class="actions">
        <Action kind="main" type="submit" busy={busy.value}>
          {common.save}
        </Action>
        <Action onClick={onClose}>{common.cancel}</Action>
      </div>
    </form>
  );
}

export function Removal({ account, onDone, onClose }: Props) {
  const { common } = panel.value;
  const text = { ...settings.value.debit, ...words.value.debit };
  const { busy, failure, run } = useDoing();
  const remove = async () => {
    if (await run(() => change(RemoveDirectDebitDocument, { account }))) {
      say(text.removed);
      await onDone();
    }
  };
  return (
    <Dialog title={text.removeTitle} onClose={onClose}>
      <p>{text.removeText}</p>
      {failure.value && <Help failure={failure.value} />}
      <div class="actions">
        <Action kind="danger" busy={busy.value} onClick={remove}>
          {text.remove}
        </Action>
        <Action onClick={onClose}>{common.cancel}</Action>
      </div>
    </Dialog>
  );
}
