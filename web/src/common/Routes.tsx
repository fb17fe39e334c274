/** Which page is shown at which address. */
import type { ComponentType } from "preact";
import { match, place } from "./route";
import { common } from "./speech";
import { Empty } from "./ui/Notice";
import { Page } from "./ui/Page";

/** A pattern of an address, and the page shown there: its `:parts` are the page's properties. */
export type Route = readonly [pattern: string, page: ComponentType<any>];

export function Routes({ routes, home }: { routes: readonly Route[]; home: string }) {
  for (const [pattern, Shown] of routes) {
    const parts = match(pattern, place.value.path);
    if (parts) {
      return <Shown key={place.value.path} {...parts} />;
    }
  }
  const words = common.value;
  return (
    <Page title={words.unknownPage}>
      <Empty>
        <a href={home}>{words.home}</a>
      </Empty>
    </Page>
  );
}
