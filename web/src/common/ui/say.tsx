/** One polite live region a page: each change is said once, by one message and not by every cell of a table. */
import { signal } from "@preact/signals";

const said = signal("");
let clearing: ReturnType<typeof setTimeout> | undefined;

/** Say something to who listens rather than looks. */
export function say(message: string): void {
  clearTimeout(clearing);
  said.value = message;
  clearing = setTimeout(() => {
    said.value = "";
  }, 5_000);
}

export function Announcer() {
  return (
    <div class="for-listeners" role="status" aria-live="polite">
      {said.value}
    </div>
  );
}
