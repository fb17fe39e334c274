import type { ComponentType } from "preact";
import { type Route, Routes } from "../common/Routes";
import { start } from "../common/start";
import { lazy } from "../common/ui/lazy";
import { Page } from "../common/ui/Page";
import { Shell } from "../common/ui/Shell";
import { listen } from "./changes";
import { loaders, words } from "./words";

/** A page is loaded with its words when it is first shown. */
function page(load: () => Promise<{ default: ComponentType<any> }>): ComponentType<any> {
  return lazy(() => load().then((module) => module.default));
}

const Parcels = page(() => import("./parcels/ParcelsPage"));
const Account = page(() => import("./settings/AccountPage"));
const ROUTES: readonly Route[] = [
  ["", Parcels],
  ["/parcels", Parcels],
  ["/parcels/:id", page(() => import("./parcels/ParcelPage"))],
  ["/support", page(() => import("./support/ClaimsPage"))],
  ["/support/new", page(() => import("./support/FilingPage"))],
  ["/support/:id", page(() => import("./support/ClaimPage"))],
  ["/access-log", page(() => import("./access/AccessLogPage"))],
  ["/settings", Account],
  ["/settings/account", Account],
  ["/settings/preferences", page(() => import("./preferences/PreferencesPage"))],
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
      {() => <Routes routes={ROUTES} home="/" />}
    </Shell>
  );
}

function Elsewhere() {
  const { elsewhere, where } = words.value;
  return (
    <Shell home="/" where={where} nav={[]} lost="">
      {() => (
        <Page title={elsewhere.title}>
          <p>{elsewhere.text}</p>
          <p>
            <a href="/console">{elsewhere.link}</a>
          </p>
        </Page>
      )}
    </Shell>
  );
}

void start({ kind: "MERCHANT", addresses: ["/", "/parcels", "/support", "/access-log", "/settings"], words, loaders, Main, Elsewhere, listen });
