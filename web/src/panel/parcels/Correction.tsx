import { useSignal } from "@preact/signals";
import { change } from "../../common/ask";
import { countries } from "../../common/countries";
import { useDraft } from "../../common/draft";
import { Action, useDoing } from "../../common/ui/Action";
import { DraftInput, DraftSelect, DraftText } from "../../common/ui/Drafted";
import { Help } from "../../common/ui/Notice";
import { Section } from "../../common/ui/Page";
import { say } from "../../common/ui/say";
import { CorrectParcelDocument, type UpdateParcelInput } from "../../gql/graphql";
import { words as panel } from "../words";
import type { Shown } from "./ParcelPage";
import { words } from "./words";

const RECIPIENT = ["name", "companyName", "email", "phone", "street", "houseNumber", "addressLine2", "postalCode", "city", "region"] as const;

function written(parcel: Shown): Record<string, string> {
  const recipient = Object.fromEntries([...RECIPIENT, "country" as const].map((name) => [name, parcel.recipient[name] ?? ""]));
  return { ...recipient, orderNumber: parcel.orderNumber ?? "", weightGrams: String(parcel.weightGrams ?? ""), note: parcel.note ?? "" };
}

/** Only what was changed; what was emptied is cleared. */
function asInput(parcelId: string, version: number, changes: Record<string, string>): UpdateParcelInput {
  const { orderNumber, weightGrams, note, ...recipient } = Object.fromEntries(
    Object.entries(changes).map(([name, value]) => [name, value.trim() || null]),
  );
  return {
    parcelId,
    version,
    ...(Object.keys(recipient).length > 0 && { recipient }),
    ...(orderNumber !== undefined && { orderNumber }),
    ...(weightGrams !== undefined && { weightGrams: weightGrams === null ? null : Number(weightGrams) }),
    ...(note !== undefined && { note }),
  };
}

interface Props {
  parcel: Shown;
  /** Ask for the parcel as it is now. */
  again: () => Promise<Shown | undefined>;
  onClose: () => void;
}

/** Correcting a parcel. The draft is personal data: it ends with this form. */
export function Correction({ parcel, again, onClose }: Props) {
  const { common } = panel.value;
  const text = words.value;
  const draft = useDraft(written(parcel));
  const version = useSignal(parcel.version);
  const { busy, failure, run } = useDoing();
  const changes = draft.changes() as Record<string, string>;
  const submit = async (event: Event) => {
    event.preventDefault();
    const done = await run(() => change(CorrectParcelDocument, { input: asInput(parcel.id, version.value ?? 0, changes) }));
    const now = done || failure.value?.code === "CONFLICT" ? await again() : undefined;
    if (done) {
      say(text.saved);
      onClose();
    } else if (now) {
      version.value = now.version;
      draft.rebase(written(now));
    }
  };
  const field = (name: string) => ({ draft, name, label: common.parcel[name as "name"], wrong: failure.value?.field });
  return (
    <Section title={text.correctTitle}>
      <form class="form" onSubmit={submit}>
        {RECIPIENT.map((name) => (
          <DraftInput key={name} {...field(name)} type={name === "email" ? "email" : "text"} maxLength={255} />
        ))}
        <DraftSelect {...field("country")}>
          {countries().map(([code, name]) => (
            <option key={code} value={code}>
              {name}
            </option>
          ))}
        </DraftSelect>
        <DraftInput {...field("orderNumber")} maxLength={255} />
        <DraftInput {...field("weightGrams")} label={text.grams} type="number" />
        <div class="whole">
          <DraftText {...field("note")} />
        </div>
        {failure.value && <Help failure={failure.value} />}
        <div class="actions">
          <Action kind="main" type="submit" busy={busy.value} why={Object.keys(changes).length === 0 ? common.unchanged : undefined}>
            {common.save}
          </Action>
          <Action onClick={onClose}>{common.cancel}</Action>
        </div>
      </form>
    </Section>
  );
}
