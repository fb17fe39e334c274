/** What may be done, as the API decided: buttons are drawn from it. */
import type { Action, Reason } from "../gql/enums";
import { common } from "./speech";

type Decisions = { action: Action; allowed: boolean; reason: Reason | null }[];

export function may(decisions: Decisions | undefined, action: Action): boolean {
  return decisions?.find((each) => each.action === action)?.allowed === true;
}

/** Why not, in words; undefined if it may be done. What was not decided may not. */
export function whyNot(decisions: Decisions | undefined, action: Action): string | undefined {
  const found = decisions?.find((each) => each.action === action);
  return found?.allowed ? undefined : common.value.why[found?.reason ?? "UNDECIDED"];
}
