/** The log as people read it: by day, and within a day what one agent did with one parcel on one ground. */
import type { AccessLogPageQuery } from "../../gql/graphql";

type Log = NonNullable<NonNullable<NonNullable<AccessLogPageQuery["viewer"]>["account"]>["accessLog"]>;
export type Event = Log["nodes"][number];
export type Events = [Event, ...Event[]];

export function grouped(events: Event[]): { day: string; groups: Events[] }[] {
  const days = new Map<string, { day: string; groups: Map<string, Events> }>();
  for (const event of events) {
    const name = new Date(event.at).toDateString(); // a day where the viewer is
    const { groups } = days.get(name) ?? days.set(name, { day: event.at, groups: new Map() }).get(name)!;
    const key = [event.agentId, event.parcel?.id, event.claim?.id, event.basis].join();
    const group = groups.get(key);
    if (group) {
      group.push(event);
    } else {
      groups.set(key, [event]);
    }
  }
  return [...days.values()].map(({ day, groups }) => ({ day, groups: [...groups.values()] }));
}
