import { useSignal } from "@preact/signals";
import { whyNot } from "../common/decisions";
import { Action } from "../common/ui/Action";
import { lazy } from "../common/ui/lazy";
import type { Parcel } from "./ParcelPage";
import { words } from "./words";

const RecordingForm = lazy(() => import("./RecordingForm").then((file) => file.RecordingForm));

/** Record what a merchant said by phone, e-mail or chat. */
export function Recording({ parcel }: { parcel: Parcel }) {
  const open = useSignal(false);
  if (open.value) {
    return <RecordingForm parcel={parcel} onDone={() => { open.value = false; }} />;
  }
  return (
    <Action why={whyNot(parcel.decisions, "RECORD_CLAIM")} onClick={() => { open.value = true; }}>
      {words.value.recording.title}
    </Action>
  );
}
