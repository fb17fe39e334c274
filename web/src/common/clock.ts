/** The server's clock. Every `now` it tells corrects ours, so that countdowns end when the server says so. */
import { signal } from "@preact/signals";

let ahead = 0;

/** Milliseconds since the epoch by the server's clock. */
export function serverNow(): number {
  return Date.now() + ahead;
}

/** The server just told that it is `now`. */
export function heardTime(now: string): void {
  ahead = Date.parse(now) - Date.now();
}

/** Ticks once a second, for what counts down. */
export const second = signal(0);
setInterval(() => {
  second.value += 1;
}, 1000);

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Run `task` at an instant of the server's clock, also if the tab slept over it. Returns what cancels it. */
export function at(instant: number, task: () => void): () => void {
  let timer: ReturnType<typeof setTimeout>;
  const look = () => {
    clearTimeout(timer);
    const left = instant - serverNow();
    if (left <= 0) {
      cancel();
      task();
    } else {
      timer = setTimeout(look, Math.min(left, LONGEST_TIMER_MS));
    }
  };
  const cancel = () => {
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", look);
  };
  document.addEventListener("visibilitychange", look);
  timer = setTimeout(look, 0);
  return cancel;
}
