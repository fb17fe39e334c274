import type { Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { countries } from "../../common/countries";
import { Input, Select } from "../../common/ui/Field";
import type { ParcelStatus } from "../../gql/enums";
import type { ParcelFilter } from "../../gql/graphql";
import { words as panel } from "../words";
import { words } from "./words";

/** What is filtered by, as it stands in the fields; empty where anything goes. */
export const ALL = { search: "", status: "", claim: "", carrier: "", country: "", from: "", until: "" };
export type Wanted = typeof ALL;

const PAUSE_MS = 250;

/** As the API takes it. Dates are whole days where the viewer is. */
export function asFilter({ search, status, claim, carrier, country, from, until }: Wanted): ParcelFilter {
  const filter: ParcelFilter = {};
  if (search.trim()) {
    filter.search = search.trim();
  }
  if (status) {
    filter.status = [status as ParcelStatus];
  }
  if (claim) {
    filter.hasOpenClaim = claim === "with";
  }
  if (carrier.trim()) {
    filter.carrier = [carrier.trim().toLowerCase()];
  }
  if (country) {
    filter.country = [country];
  }
  if (from) {
    filter.createdFrom = midnight(from, 0);
  }
  if (until) {
    filter.createdBefore = midnight(until, 1);
  }
  return filter;
}

function midnight(day: string, later: number): string {
  const found = new Date(`${day}T00:00`);
  found.setDate(found.getDate() + later);
  return found.toISOString();
}

/** The fields to filter by. `carriers`: those seen so far, to choose from. */
export function Filters({ wanted, carriers }: { wanted: Signal<Wanted>; carriers: string[] }) {
  const { common } = panel.value;
  const text = words.value;
  const pause = useRef<ReturnType<typeof setTimeout>>(undefined);
  const set = (name: keyof Wanted, value: string) => {
    wanted.value = { ...wanted.peek(), [name]: value };
  };
  const soon = (name: keyof Wanted, value: string) => {
    clearTimeout(pause.current);
    pause.current = setTimeout(() => set(name, value), PAUSE_MS);
  };
  const { search, status, claim, carrier, country, from, until } = wanted.value;
  const rest = carrier || country || from || until;
  return (
    <form
      class="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        clearTimeout(pause.current);
        set("search", new FormData(event.currentTarget as HTMLFormElement).get("search") as string);
      }}
    >
      <div class="search">
        <Input
          label={text.search}
          type="search"
          name="search"
          value={search}
          hint={text.searchHint}
          maxLength={255}
          onInput={(event) => soon("search", event.currentTarget.value)}
        />
      </div>
      <Select label={common.parcel.status} value={status} onChange={(event) => set("status", event.currentTarget.value)}>
        <option value="">{text.any}</option>
        {Object.entries(common.parcelStatus).map(([value, name]) => (
          <option key={value} value={value}>
            {name}
          </option>
        ))}
      </Select>
      <Select label={text.claim} value={claim} onChange={(event) => set("claim", event.currentTarget.value)}>
        <option value="">{text.any}</option>
        <option value="with">{text.withClaim}</option>
        <option value="without">{text.withoutClaim}</option>
      </Select>
      <details open={Boolean(rest)}>
        <summary>{text.more}</summary>
        <div class="filters">
          <Input
            label={common.parcel.carrier}
            list="carriers"
            value={carrier}
            maxLength={64}
            onInput={(event) => soon("carrier", event.currentTarget.value)}
          />
          <datalist id="carriers">
            {carriers.map((each) => (
              <option key={each} value={each} />
            ))}
          </datalist>
          <Select label={common.parcel.country} value={country} onChange={(event) => set("country", event.currentTarget.value)}>
            <option value="">{text.any}</option>
            {countries().map(([code, name]) => (
              <option key={code} value={code}>
                {name}
              </option>
            ))}
          </Select>
          <Input label={text.from} type="date" value={from} onChange={(event) => set("from", event.currentTarget.value)} />
          <Input label={text.until} type="date" value={until} onChange={(event) => set("until", event.currentTarget.value)} />
        </div>
      </details>
    </form>
  );
}
