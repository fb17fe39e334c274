/** The server's clock. Every `now` it tells corrects ours, so that countdowns end when the server says so. */
import { signal } from "@preact/signals";

let ahead = 0;

/** Milliseconds since the epoch by the server's clock. */
export function serverNow(): number {
  return Date.now() + ahead;
}

/**
 * The server just told that it was `now`, some time after it was `asked` (by our own clock; unknown for what it told by itself). A slow
 * answer says little, and moves our idea no further than it has to: it would have us show too long what ends meanwhile.
 */
export function heardTime(now: string, asked = Number.NEGATIVE_INFINITY): void {
  const told = Date.parse(now);
  ahead = Math.min(Math.max(ahead, told - Date.now()), told - asked);
}

/** Ticks once a second, for what counts down. */
export const second = signal(0);
setInterval(() => {
  second.value += 1;
}, 1000);

const LONGEST_TIMER_MS = 1_000; // a timer does not count the time that the machine sleeps: look at the clock often

/** Run `task` at an instant of the server's clock, also if the tab or the machine slept over it. Returns what cancels it. */
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
