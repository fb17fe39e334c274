import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { countries } from "../common/countries";
import { Input, Select } from "../common/ui/Field";
import type { ParcelStatus } from "../gql/enums";
import type { ParcelFilter } from "../gql/graphql";
import { words } from "./words";

/** What is filtered by, as it stands in the fields; empty where anything goes. */
export const ALL = { search: "", status: "", claim: "", carrier: "", country: "", from: "", until: "" };
export type Wanted = typeof ALL;

const PAUSE_MS = 500; // each search is recorded, and what it finds counts: not one for every letter

/** As the API takes it. Dates are whole days where the agent is. */
export function asFilter({ search, status, claim, carrier, country, from, until }: Wanted): ParcelFilter {
  return {
    ...(search ? { search } : {}),
    ...(status ? { status: [status as ParcelStatus] } : {}),
    ...(claim ? { hasOpenClaim: claim === "yes" } : {}),
    ...(carrier ? { carrier: [carrier.toLowerCase()] } : {}),
    ...(country ? { country: [country] } : {}),
    ...(from ? { createdFrom: midnight(from, 0) } : {}),
    ...(until ? { createdBefore: midnight(until, 1) } : {}),
  };
}

function midnight(day: string, later: number): string {
  const found = new Date(`${day}T00:00`);
  found.setDate(found.getDate() + later);
  return found.toISOString();
}

interface Props {
  wanted: Signal<Wanted>;
  onWanted: (wanted: Wanted) => void;
  /** Why personal data can't be searched for now. What was typed in is personal too, and not shown then. */
  why: string | undefined;
  /** Is it over, rather than hidden for a moment? Then it is forgotten. */
  over: boolean;
}

export function Filters({ wanted, onWanted, why, over }: Props) {
  const { account: words_, accounts, common } = words.value;
  const typed = useSignal(wanted.peek().search);
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  const { status, claim, carrier, country, from, until } = wanted.value;
  const set = (name: keyof Wanted, value: string) => {
    if (wanted.peek()[name] !== value) {
      onWanted({ ...wanted.peek(), [name]: value });
    }
  };
  const soon = (name: keyof Wanted, value: string) => {
    clearTimeout(pause.current);
    pause.current = setTimeout(() => set(name, value.trim()), PAUSE_MS);
  };
  useEffect(() => {
    if (over) {
      typed.value = "";
    }
    return () => clearTimeout(pause.current); // what was still being typed then is not asked for
  }, [why, over]);
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        clearTimeout(pause.current);
        set("search", why ? "" : typed.value.trim());
      }}
    >
      <div class="search">
        <Input
          label={words_.search}
          type="search"
          value={why ? "" : typed.value}
          maxLength={255}
          readOnly={why !== undefined}
          aria-disabled={why ? "true" : undefined}
          hint={why ?? words_.searchHint}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
            soon("search", typed.value);
          }}
        />
      </div>
      <Select label={common.parcel.status} value={status} onChange={(event) => set("status", event.currentTarget.value)}>
        <option value="">{words_.everyStatus}</option>
        {Object.entries(common.parcelStatus).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </Select>
      <Select label={accounts.claims} value={claim} onChange={(event) => set("claim", event.currentTarget.value)}>
        <option value="">{accounts.any}</option>
        <option value="yes">{common.yes}</option>
        <option value="no">{common.no}</option>
      </Select>
      <details>
        <summary>{words_.more}</summary>
        <div class="filters">
          <Input label={common.parcel.carrier} value={carrier} maxLength={64} onInput={(event) => soon("carrier", event.currentTarget.value)} />
          <Select label={common.parcel.country} value={country} onChange={(event) => set("country", event.currentTarget.value)}>
            <option value="">{accounts.any}</option>
            {countries().map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </Select>
          <Input label={words_.from} type="date" value={from} onChange={(event) => set("from", event.currentTarget.value)} />
          <Input label={words_.until} type="date" value={until} onChange={(event) => set("until", event.currentTarget.value)} />
        </div>
      </details>
    </form>
  );
}
