import { time } from "../../common/format";
import { words as panel } from "../words";
import type { Event, Events } from "./grouped";
import { words } from "./words";

/** What one agent did with one parcel on a day: the whole at a glance, each entry when it is opened. */
export function Group({ events }: { events: Events }) {
  const { common } = panel.value;
  const text = words.value;
  const [latest] = events;
  const earliest = events.at(-1) as Event;
  const { parcel, claim } = latest;
  const categories = [...new Set(events.flatMap((event) => event.categories))];
  // A parcel that is gone leaves the names of its fields.
  const aboutParcel = events.some(({ fields, changed }) => [...fields, ...changed].some((field) => /^(Recipient|Parcel|TrackingEvent)\./.test(field)));
  const changed = events.some((event) => event.changed.length > 0);
  return (
    <li>
      <div>
        <time dateTime={earliest.at}>{time(earliest.at)}</time>
        {events.length > 1 && <>–{time(latest.at)}</>} <strong>{latest.agent}</strong> ·{" "}
        {parcel ? (
          <>
            {text.theParcel} <a href={`/parcels/${parcel.id}`}>{parcel.recipient.name || parcel.recipient.companyName || common.parcel.one}</a>
          </>
        ) : aboutParcel ? (
          text.aParcel
        ) : (
          text.theAccount
        )}
      </div>
      <div class="more">
        {claim ? (
          <a class="badge" href={`/support/${claim.id}`}>
            {common.claimType[claim.type]}
          </a>
        ) : (
          <span class="badge key">{text.consent}</span>
        )}
        {changed && <span class="badge">{text.changed}</span>}
        <span class="soft">{categories.map((category) => common.category[category]).join(", ")}</span>
      </div>
      <details>
        <summary>{text.events(events.length)}</summary>
        <ul class="list">
          {events.map((event) => (
            <li key={event.id}>
              <time dateTime={event.at}>{time(event.at)}</time> {common.action[event.action]}
              <Fields name={text.changed} fields={event.changed} />
              <Fields name={text.saw} fields={event.fields} />
              <div class="hint">
                {event.operation && `${text.page}: ${event.operation} · `}
                {text.request}: {event.requestId}
              </div>
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}

/** Names of fields, as people call them where there is a word for it. */
function Fields({ name, fields }: { name: string; fields: string[] }) {
  const known: Record<string, unknown> = panel.value.common.parcel;
  const called = fields.map((field) => {
    const word = known[field.split(".").pop() ?? ""];
    return typeof word === "string" ? word : field;
  });
  return fields.length > 0 ? (
    <div class="hint">
      {name}: {[...new Set(called)].join(", ")}
    </div>
  ) : null;
}
