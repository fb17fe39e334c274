import type { ComponentChildren } from "preact";
import { Value } from "../common/ui/Withheld";
import { Fact } from "../common/ui/Page";
import type { Hidden } from "../common/live";

export interface Disclosed {
  shown: boolean;
  reason: Hidden | null;
}

/** One personal value of a parcel, with its name. */
export function PersonalFact({ name, of, children }: { name: string; of: Disclosed; children: ComponentChildren }) {
  return (
    <Fact name={name}>
      <Value what={name} value={children} shown={of.shown} why={of.reason} />
    </Fact>
  );
}

/** One personal value in a cell of a table. */
export function PersonalCell({ name, of, children }: { name: string; of: Disclosed; children: ComponentChildren }) {
  return (
    <td data-label={name}>
      <Value what={name} value={children} shown={of.shown} why={of.reason} />
    </td>
  );
}
