import type { ComponentChildren } from "preact";
import type { Hidden } from "../live";
import { common } from "../speech";

/**
 * In the place of a withheld value: as wide for every value, with the reason in words. `what` names it to who listens.
 * It looks different from a value that was never given.
 */
export function Chip({ what, why }: { what: string; why: Hidden | null | undefined }) {
  const words = common.value;
  const reason = why ?? "UNDECIDED";
  return (
    <span class="chip" title={words.why[reason]}>
      <span aria-hidden="true">{words.chip[reason]}</span>
      <span class="for-listeners">{words.hiddenBecause(what, words.why[reason])}</span>
    </span>
  );
}

interface Props {
  what: string;
  value: ComponentChildren;
  /** Is it shown? If so, an empty value was never given. */
  shown: boolean;
  why?: Hidden | null | undefined;
}

/** A personal value: the value, "nothing given", or the chip that says why it is hidden. Always a text node, never an attribute. */
export function Value({ what, value, shown, why }: Props) {
  if (!shown) {
    return <Chip what={what} why={why} />;
  }
  const given = value !== null && value !== undefined && value !== "";
  return given ? (
    <>{value}</>
  ) : (
    <span class="none">
      <span aria-hidden="true">–</span>
      <span class="for-listeners">{common.value.nothing}</span>
    </span>
  );
}
