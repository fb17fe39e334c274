import { change } from "../common/ask";
import { changed } from "../common/live";
import { Action, useDoing } from "../common/ui/Action";
import { TextArea } from "../common/ui/Field";
import { Help } from "../common/ui/Notice";
import { say } from "../common/ui/say";
import type { ClaimKind, ClaimType, OutsideChannel } from "../gql/enums";
import { ConsoleRecordClaimDocument } from "../gql/graphql";
import { Options } from "./Options";
import type { Parcel } from "./ParcelPage";
import { words } from "./words";

/** What a merchant said by phone, e-mail or chat. It opens nothing. */
export function RecordingForm({ parcel, onDone }: { parcel: Parcel; onDone: () => void }) {
  const { recording, common } = words.value;
  const { busy, failure, run } = useDoing();
  const record = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const input = {
      parcelId: parcel.id,
      channel: form.get("channel") as OutsideChannel,
      kind: form.get("kind") as ClaimKind,
      type: form.get("type") as ClaimType,
      description: form.get("description") as string,
    };
    if (await run(() => change(ConsoleRecordClaimDocument, { input }))) {
      onDone();
      say(recording.done);
      changed(parcel.account.id);
    }
  };
  return (
    <form onSubmit={record}>
      <p class="soft">{recording.text}</p>
      <Options name="channel" label={recording.channel} of={["EMAIL", "PHONE", "CHAT"]} words={common.channel} />
      <Options name="kind" label={recording.kind} of={Object.keys(common.claimKind)} words={common.claimKind} />
      <Options name="type" label={recording.type} of={Object.keys(common.claimType)} words={common.claimType} />
      <TextArea label={recording.description} name="description" required />
      {failure.value && <Help failure={failure.value} />}
      <div class="actions">
        <Action kind="main" type="submit" live busy={busy.value}>
          {recording.title}
        </Action>
        <Action onClick={onDone}>{common.cancel}</Action>
      </div>
    </form>
  );
}
