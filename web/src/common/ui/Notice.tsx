import type { ComponentChildren } from "preact";
import type { Failure } from "../answers";
import { common } from "../speech";

type Tone = "plain" | "key" | "good" | "warning" | "bad";

export function Notice({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <div class={`notice ${tone}`}>{children}</div>;
}

interface HelpProps {
  failure: Failure;
  again?: () => void;
  /** What it means here, where that is more than the code's own words. */
  here?: { [code in Failure["code"]]?: string };
}

/** A failure as help: what happened, and what to do about it. Said at once to who listens. */
export function Help({ failure, again, here = {} }: HelpProps) {
  const words = common.value;
  const told = here[failure.code] ?? words.failure[failure.code];
  return (
    <div class="notice bad" role="alert">
      <p>
        {failure.code === "FORBIDDEN" && failure.reason ? `${told} (${words.why[failure.reason]})` : told}
      </p>
      {failure.code === "INTERNAL" && failure.requestId && (
        <p>
          {words.reference} <code>{failure.requestId}</code>
        </p>
      )}
      {again && (
        <button type="button" class="quiet" onClick={again}>
          {words.tryAgain}
        </button>
      )}
    </div>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** Something is on its way. */
export function Waiting() {
  return (
    <p class="waiting" role="status">
      {common.value.loading}
    </p>
  );
}
