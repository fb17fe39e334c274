/** Addresses parcels are sent from, as they are edited: every part a text, empty where nothing is given. */
import type { Settings } from "./PreferencesPage";

export const PARTS = ["companyName", "contactName", "street", "houseNumber", "postalCode", "city", "country", "email", "phone"] as const;
export type Sender = Record<(typeof PARTS)[number], string>;
type Stored = NonNullable<Settings["senderAddresses"]>[number];

export const NO_SENDER = Object.fromEntries(PARTS.map((part) => [part, ""])) as Sender;

export function edited(stored: Settings["senderAddresses"]): Sender[] {
  return (stored ?? []).map((each) => Object.fromEntries(PARTS.map((part) => [part, each[part] ?? ""])) as Sender);
}

/** As they are sent: without those in which nothing was filled in. */
export function filledIn(senders: Sender[]): Stored[] {
  const found = senders.map((each) => Object.fromEntries(PARTS.map((part) => [part, each[part].trim() || null])) as Stored);
  return found.filter((each) => PARTS.some((part) => each[part] !== null));
}

export function asLine(address: Stored | Sender): string {
  return PARTS.map((part) => address[part])
    .filter(Boolean)
    .join(", ");
}
