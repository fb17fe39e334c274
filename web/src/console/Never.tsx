import type { Action as ActionWord } from "../gql/enums";
import { whyNot } from "../common/decisions";
import { common } from "../common/speech";
import { Action } from "../common/ui/Action";
import { Section } from "../common/ui/Page";
import { words } from "./words";

type Decisions = Parameters<typeof whyNot>[0];

/** What no grant opens: in sight, so that nobody looks for it, and each says why not. */
export function Never({ actions, decisions }: { actions: ActionWord[]; decisions: Decisions }) {
  return (
    <Section title={words.value.never.title}>
      <p class="soft">{words.value.never.text}</p>
      <div class="actions">
        {actions.map((action) => (
          <Action key={action} why={whyNot(decisions, action) ?? common.value.why.NEVER_FOR_AGENTS}>
            {common.value.action[action]}
          </Action>
        ))}
      </div>
    </Section>
  );
}
