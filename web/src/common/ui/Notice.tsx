import type { ComponentChildren } from "preact";
import type { Failure } from "../answers";
import { common } from "../speech";

type Tone = "plain" | "good" | "warning" | "bad";

export function Notice({ tone = "plain", children }: { tone?: Tone; children: ComponentChildren }) {
  return <div class={`notice ${tone}`}>{children}</div>;
}

/** A failure as help: what happened, and what to do about it. Said at once to who listens. */
export function Help({ failure, again }: { failure: Failure; again?: () => void }) {
  const words = common.value;
  return (
    <div class="notice bad" role="alert">
      <p>
        {failure.code === "FORBIDDEN" && failure.reason ? `${words.failure.FORBIDDEN} (${words.why[failure.reason]})` : words.failure[failure.code]}{" "}
        {failure.code === "INTERNAL" && failure.requestId && <code>{failure.requestId}</code>}
      </p>
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
