/** Who is signed in. The cookie is HttpOnly: the page only knows what `viewer` answers. */
import { computed, signal } from "@preact/signals";
import type { MeQuery } from "../gql/graphql";

export type Viewer = NonNullable<MeQuery["viewer"]>;

type Session = { state: "unknown" | "none" | "ended"; told?: string } | { state: "open"; viewer: Viewer };

/** "ended": there was one, and it is over; the sign-in page says so. `told`: what else it says, of what was just done. */
export const session = signal<Session>({ state: "unknown" });
export const viewer = computed(() => (session.value.state === "open" ? session.value.viewer : undefined));

/** The server no longer knows us. */
export function sessionEnded(): void {
  if (session.value.state === "open") {
    session.value = { state: "ended" };
  }
}
