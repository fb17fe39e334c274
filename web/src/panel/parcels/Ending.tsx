import { change } from "../../common/ask";
import { go } from "../../common/route";
import { Action, useDoing } from "../../common/ui/Action";
import { Dialog } from "../../common/ui/Dialog";
import { Help } from "../../common/ui/Notice";
import { say } from "../../common/ui/say";
import { CancelParcelDocument, DeleteParcelDocument } from "../../gql/graphql";
import { words } from "./words";

interface Props {
  id: string;
  how: "cancel" | "delete";
  again: () => Promise<unknown>;
  onClose: () => void;
}

/** Cancelling or deleting a parcel, once its consequence was read. */
export function Ending({ id, how, again, onClose }: Props) {
  const text = words.value;
  const { busy, failure, run } = useDoing();
  const cancel = async () => {
    if (await run(() => change(CancelParcelDocument, { parcel: id }))) {
      say(text.cancelled);
      onClose();
      await again();
    }
  };
  const remove = async () => {
    if (await run(() => change(DeleteParcelDocument, { parcel: id }))) {
      say(text.deleted);
      go("/parcels", { replace: true });
    }
  };
  const cancelling = how === "cancel";
  return (
    <Dialog title={cancelling ? text.cancelTitle : text.deleteTitle} onClose={onClose}>
      <p>{cancelling ? text.cancelText : text.deleteText}</p>
      {failure.value && <Help failure={failure.value} here={{ CONFLICT: text.cantCancel }} />}
      <div class="actions">
        <Action kind="danger" busy={busy.value} onClick={cancelling ? cancel : remove}>
          {cancelling ? text.cancel : text.delete}
        </Action>
        <Action onClick={onClose}>{text.keep}</Action>
      </div>
    </Dialog>
  );
}
