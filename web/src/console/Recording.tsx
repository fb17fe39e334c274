import { useSignal } from "@preact/signals";
import { change } from "../common/ask";
import { whyNot } from "../common/decisions";
import { changed } from "../common/live";
import { Action, useDoing } from "../common/ui/Action";
import { Select, TextArea } from "../common/ui/Field";
import { Help } from "../common/ui/Notice";
import { say } from "../common/ui/say";
import type { ClaimKind, ClaimType, OutsideChannel } from "../gql/enums";
import { ConsoleRecordClaimDocument } from "../gql/graphql";
import type { Parcel } from "./ParcelPage";
import { words } from "./words";

/** Record what a merchant said by phone, e-mail or chat. It opens nothing. */
export function Recording({ parcel }: { parcel: Parcel }) {
  const { recording, common } = words.value;
  const open = useSignal(false);
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
      open.value = false;
      say(recording.done);
      changed(parcel.account.id);
    }
  };
  if (!open.value) {
    return (
      <Action live why={whyNot(parcel.decisions, "RECORD_CLAIM")} onClick={() => { open.value = true; }}>
        {recording.title}
      </Action>
    );
  }
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
        <Action onClick={() => { open.value = false; }}>{common.cancel}</Action>
      </div>
    </form>
  );
}

export function Options({ name, label, of, words }: { name: string; label: string; of: string[]; words: Record<string, string> }) {
  return (
    <Select name={name} label={label}>
      {of.map((each) => (
        <option key={each} value={each}>
          {words[each]}
        </option>
      ))}
    </Select>
  );
}
