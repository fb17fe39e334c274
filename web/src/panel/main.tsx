import type { ComponentType } from "preact";
import { match, place } from "../common/route";
import { start } from "../common/start";
import { lazy } from "../common/ui/lazy";
import { Empty } from "../common/ui/Notice";
import { Page } from "../common/ui/Page";
import { Shell } from "../common/ui/Shell";
import { listen } from "./changes";
import { loaders, words } from "./words";

/** A page is loaded with its words when it is first shown. */
function page(load: () => Promise<{ default: ComponentType<any> }>): ComponentType<any> {
  return lazy(() => load().then((module) => module.default));
}

const Parcels = page(() => import("./parcels/ParcelsPage"));
const PAGES: [string, ComponentType<any>][] = [
  ["", Parcels],
  ["/parcels", Parcels],
  ["/parcels/:id", page(() => import("./parcels/ParcelPage"))],
  ["/settings", page(() => import("./settings/AccountPage"))],
  ["/settings/account", page(() => import("./settings/AccountPage"))],
];

function Main() {
  const { nav, where, common } = words.value;
  const items = [
    { address: "/parcels", label: nav.parcels },
    { address: "/support", label: nav.support },
    { address: "/access-log", label: nav.accessLog },
    { address: "/settings/account", label: nav.settings, below: "/settings" },
  ];
  return (
    <Shell home="/" where={where} nav={items} lost={common.connection.lost}>
      <Here />
    </Shell>
  );
}

function Here() {
  for (const [pattern, Shown] of PAGES) {
    const parts = match(pattern, place.value.path);
    if (parts) {
      return <Shown key={place.value.path} {...parts} />;
    }
  }
  return (
    <Page title={words.value.common.unknownPage}>
      <Empty>
        <a href="/">{words.value.common.home}</a>
      </Empty>
    </Page>
  );
}

function Elsewhere() {
  const { elsewhere, where } = words.value;
  return (
    <Shell home="/" where={where} nav={[]} lost="">
      <Page title={elsewhere.title}>
        <p>{elsewhere.text}</p>
        <p>
          <a href="/console">{elsewhere.link}</a>
        </p>
      </Page>
    </Shell>
  );
}

void start({ kind: "MERCHANT", addresses: ["/", "/parcels", "/support", "/access-log", "/settings"], words, loaders, Main, Elsewhere, listen });
