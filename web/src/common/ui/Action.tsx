import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { Failure } from "../answers";
import { connection } from "../socket";
import { common } from "../speech";

interface Props {
  kind?: "main" | "plain" | "quiet" | "danger";
  type?: "button" | "submit";
  /** Why it can't be done. The button stays where it is, says so, and does nothing. */
  why?: string | undefined;
  busy?: boolean;
  /** Can it be done only while we would hear of a revoke? Then it says so while the connection is lost. */
  live?: boolean;
  onClick?: () => unknown;
  children: ComponentChildren;
}

/** A button. One that may not be used is visible, says why, and stays reachable by keyboard. */
export function Action({ kind = "plain", type = "button", why, busy = false, live = false, onClick, children }: Props) {
  const id = useId();
  const reason = live && connection.value === "lost" ? common.value.why.CONNECTION_LOST : why;
  const off = reason !== undefined || busy;
  return (
    <span class="action">
      <button
        type={type}
        class={kind}
        aria-disabled={off ? "true" : undefined}
        aria-busy={busy ? "true" : undefined}
        aria-describedby={reason ? id : undefined}
        onClick={(event) => (off ? event.preventDefault() : onClick?.())}
      >
        {children}
      </button>
      {reason && (
        <span class="why" id={id}>
          {reason}
        </span>
      )}
    </span>
  );
}

/** Doing something that takes a while: whether it is being done, and why it failed. */
export function useDoing() {
  const busy = useSignal(false);
  const failure = useSignal<Failure | undefined>(undefined);
  const run = async (task: () => Promise<unknown>): Promise<boolean> => {
    if (busy.value) {
      return false;
    }
    busy.value = true;
    failure.value = undefined;
    try {
      await task();
      return true;
    } catch (problem) {
      failure.value = problem instanceof Failure ? problem : new Failure("INTERNAL");
      return false;
    } finally {
      busy.value = false;
    }
  };
  return { busy, failure, run };
}
