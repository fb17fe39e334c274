import { words } from "./words";

/** The pages of one merchant. */
export function accountPages(id: string): { address: string; label: string }[] {
  const { account } = words.value;
  return [
    { address: `/console/accounts/${id}`, label: account.parcels },
    { address: `/console/accounts/${id}/settings`, label: account.settings },
  ];
}
