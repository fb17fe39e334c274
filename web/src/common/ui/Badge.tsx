import type { ClaimStatus, ParcelStatus } from "../../gql/enums";
import { common } from "../speech";

const BAD = /FAILED|ERROR|EXCEPTION|UNDELIVERABLE|REFUSED|INVALID|REJECTED/;
const WAITING = /DELAYED|CHANGED|AWAITING|CUSTOMS|UNSORTED|UNCOLLECTED|NO_LABEL|RETURNED/;
const GOOD = /^(DELIVERED|COLLECTED_BY_CUSTOMER|RESOLVED)$/;

function toned(status: string): string {
  return `badge ${BAD.test(status) ? "bad" : WAITING.test(status) ? "warning" : GOOD.test(status) ? "good" : ""}`;
}

/** A parcel's status in words; its colour says no more than they do. */
export function ParcelBadge({ status }: { status: ParcelStatus }) {
  return <span class={toned(status)}>{common.value.parcelStatus[status]}</span>;
}

export function ClaimBadge({ status }: { status: ClaimStatus }) {
  return <span class={toned(status)}>{common.value.claimStatus[status]}</span>;
}
