import type { Signal } from "@preact/signals";
import { common } from "../speech";
import { Action } from "./Action";

/** Which part of a list is shown, as the API's connections take it. */
export type Window = { first: number; after?: string } | { last: number; before?: string };

interface PageInfo {
  hasNextPage: boolean;
  hasPreviousPage: boolean;
  startCursor: string | null;
  endCursor: string | null;
}

/** To the page before and after. `window` says which is shown, and is set to the one wanted. */
export function Pager({ info, size, window, busy }: { info: PageInfo; size: number; window: Signal<Window>; busy: boolean }) {
  const words = common.value;
  if (!info.hasNextPage && !info.hasPreviousPage) {
    return null;
  }
  const turn = (wanted: Window) => {
    window.value = wanted;
    scrollTo(0, 0);
  };
  return (
    <nav class="pager" aria-label={words.pages}>
      <Action
        busy={busy}
        {...(info.hasPreviousPage && info.startCursor ? {} : { why: words.firstPage })}
        onClick={() => turn({ last: size, before: info.startCursor as string })}
      >
        ← {words.previous}
      </Action>
      <Action
        busy={busy}
        {...(info.hasNextPage && info.endCursor ? {} : { why: words.lastPage })}
        onClick={() => turn({ first: size, after: info.endCursor as string })}
      >
        {words.next} →
      </Action>
    </nav>
  );
}
