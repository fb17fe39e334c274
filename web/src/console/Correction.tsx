import { change } from "../common/ask";
import { useDraft } from "../common/draft";
import { changed } from "../common/live";
import { Action, useDoing } from "../common/ui/Action";
import { Input, TextArea } from "../common/ui/Field";
import { Help, Notice } from "../common/ui/Notice";
import { Section } from "../common/ui/Page";
import { say } from "../common/ui/say";
import { ConsoleCorrectParcelDocument, type UpdateParcelInput } from "../gql/graphql";
import type { Parcel } from "./ParcelPage";
import { words } from "./words";
import { useEffect } from "preact/hooks";

const RECIPIENT = ["name", "companyName", "street", "houseNumber", "addressLine2", "postalCode", "city", "region", "country", "email", "phone"] as const;
type Fields = Record<(typeof RECIPIENT)[number] | "orderNumber" | "note", string>;

interface Props {
  parcel: Parcel;
  /** For the moment nothing personal may be on the screen: the draft waits. */
  masked: boolean;
  onDone: () => void;
}

/** Correct a parcel under the merchant's permission. Only what was changed is sent; it is a draft of personal data, and ends with what it is of. */
export function Correction({ parcel, masked, onDone }: Props) {
  const { parcel: words_, common } = words.value;
  const draft = useDraft(fields(parcel));
  const { busy, failure, run } = useDoing();
  useEffect(() => {
    if (!masked) {
      draft.rebase(fields(parcel));
    }
  }, [parcel.version, masked]);
  const save = async (event: Event) => {
    event.preventDefault();
    const input = { parcelId: parcel.id, version: parcel.version as number, ...changes(draft.changes()) };
    if (await run(() => change(ConsoleCorrectParcelDocument, { input }))) {
      say(common.saved);
      onDone();
    }
    changed(parcel.account.id);
  };
  const field = (name: keyof Fields) => {
    const meanwhile = draft.meanwhile(name);
    return {
      label: common.parcel[name],
      name,
      value: draft.now.value[name],
      hint: meanwhile === undefined || meanwhile === draft.now.value[name] ? undefined : words_.meanwhile(meanwhile),
      onInput: (event: { currentTarget: { value: string } }) => draft.set(name, event.currentTarget.value),
    };
  };
  if (masked) {
    return <Notice tone="warning">{common.connection.lostHidden}</Notice>;
  }
  return (
    <Section title={words_.correct}>
      <form class="form" onSubmit={save}>
        {RECIPIENT.map((name) => (
          <Input key={name} {...field(name)} />
        ))}
        <Input {...field("orderNumber")} />
        <div class="whole">
          <TextArea {...field("note")} />
        </div>
        {failure.value && <Help failure={failure.value} />}
        <div class="actions">
          <Action kind="main" type="submit" live busy={busy.value}>
            {common.save}
          </Action>
          <Action onClick={onDone}>{common.cancel}</Action>
        </div>
      </form>
    </Section>
  );
}

function fields(parcel: Parcel): Fields {
  const recipient = Object.fromEntries(RECIPIENT.map((name) => [name, parcel.recipient[name] ?? ""]));
  return { ...recipient, orderNumber: parcel.orderNumber ?? "", note: parcel.note ?? "" } as Fields;
}

function changes(changed: Partial<Fields>): Partial<UpdateParcelInput> {
  const { orderNumber, note, ...recipient } = changed;
  const given = (value: string | undefined) => (value === "" ? null : value);
  return {
    ...(orderNumber === undefined ? {} : { orderNumber: given(orderNumber) }),
    ...(note === undefined ? {} : { note: given(note) }),
    ...(Object.keys(recipient).length === 0 ? {} : { recipient: Object.fromEntries(Object.entries(recipient).map(([name, value]) => [name, given(value)])) }),
  } as Partial<UpdateParcelInput>;
}
