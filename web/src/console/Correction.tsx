import { useEffect, useRef } from "preact/hooks";
import { change } from "../common/ask";
import { countries } from "../common/countries";
import { useDraft } from "../common/draft";
import { changed } from "../common/live";
import { Action, useDoing } from "../common/ui/Action";
import { DraftInput, DraftSelect, DraftText } from "../common/ui/Drafted";
import { Help, Notice } from "../common/ui/Notice";
import { focusHeading, Section } from "../common/ui/Page";
import { say } from "../common/ui/say";
import { ConsoleCorrectParcelDocument, type UpdateParcelInput } from "../gql/graphql";
import type { Parcel } from "./ParcelPage";
import { words } from "./words";

const RECIPIENT = ["name", "companyName", "street", "houseNumber", "addressLine2", "postalCode", "city", "region", "country", "email", "phone"] as const;
type Fields = Record<string, string>;

interface Props {
  parcel: Parcel;
  /** For the moment nothing personal may be on the screen: the draft waits. */
  masked: boolean;
  onDone: () => void;
}

/** Correct a parcel under the merchant's permission. Only what was changed is sent; it is a draft of personal data, and ends with what it is of. */
export function Correction({ parcel, masked, onDone }: Props) {
  const { parcel: words_, common } = words.value;
  const form = useRef<HTMLFormElement>(null);
  const draft = useDraft(fields(parcel));
  const { busy, failure, run } = useDoing();
  useEffect(() => {
    if (!masked) {
      draft.rebase(fields(parcel));
    }
  }, [parcel.version, masked]);
  useEffect(
    () => () => {
      if (form.current?.contains(document.activeElement)) {
        focusHeading(); // it does not go down with the form
      }
    },
    [],
  );
  const save = async (event: Event) => {
    event.preventDefault();
    const input = { parcelId: parcel.id, version: parcel.version as number, ...changes(draft.changes()) };
    if (await run(() => change(ConsoleCorrectParcelDocument, { input }))) {
      say(common.saved);
      onDone();
    }
    changed(parcel.account.id);
  };
  const field = (name: string) => ({ draft, name, label: (common.parcel as Record<string, unknown>)[name] as string, wrong: failure.value?.field });
  if (masked) {
    return <Notice tone="warning">{common.connection.lostHidden}</Notice>;
  }
  return (
    <Section title={words_.correct}>
      <form ref={form} class="form" onSubmit={save}>
        {RECIPIENT.map((name) =>
          name === "country" ? (
            <DraftSelect key={name} {...field(name)}>
              <option value="" />
              {countries().map(([code, label]) => (
                <option key={code} value={code}>
                  {label}
                </option>
              ))}
            </DraftSelect>
          ) : (
            <DraftInput key={name} {...field(name)} />
          ),
        )}
        <DraftInput {...field("orderNumber")} />
        <div class="whole">
          <DraftText {...field("note")} />
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
  return { ...recipient, orderNumber: parcel.orderNumber ?? "", note: parcel.note ?? "" };
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
