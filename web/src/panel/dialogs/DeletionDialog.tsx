import { useSignal } from "@preact/signals";
import { change } from "../../common/ask";
import { session } from "../../common/session";
import { Action, useDoing } from "../../common/ui/Action";
import { Dialog } from "../../common/ui/Dialog";
import { Input } from "../../common/ui/Field";
import { Help } from "../../common/ui/Notice";
import { DeleteAccountDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { words } from "./words";

/** The last question before the account is gone: the company's name, typed. */
export function DeletionDialog({ account, onClose }: { account: { id: string; companyName: string }; onClose: () => void }) {
  const { common } = panel.value;
  const { deletion: text } = words.value;
  const typed = useSignal("");
  const { busy, failure, run } = useDoing();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await run(() => change(DeleteAccountDocument, { account: account.id, name: typed.value }))) {
      session.value = { state: "none", told: text.done };
    }
  };
  return (
    <Dialog title={text.title} onClose={onClose}>
      <p>{text.destroyed}</p>
      <ul>
        {text.destroyedList.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      <p class="soft">{text.stays}</p>
      <form onSubmit={submit}>
        <p>{text.confirm(account.companyName)}</p>
        <Input
          label={text.name}
          required
          value={typed.value}
          wrong={failure.value?.field === "companyName" ? text.wrong : undefined}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
        />
        {failure.value && !failure.value.field && <Help failure={failure.value} />}
        <div class="actions">
          <Action kind="danger" type="submit" busy={busy.value}>
            {text.final}
          </Action>
          <Action onClick={onClose}>{common.cancel}</Action>
        </div>
      </form>
    </Dialog>
  );
}
