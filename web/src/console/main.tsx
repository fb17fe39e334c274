import { type Route, Routes } from "../common/Routes";
import { start } from "../common/start";
import { lazy } from "../common/ui/lazy";
import { Page } from "../common/ui/Page";
import { Shell } from "../common/ui/Shell";
import { listen } from "./changes";
import { QueuePage } from "./QueuePage";
import { loaders, words } from "./words";

const ROUTES: readonly Route[] = [
  ["/console", QueuePage],
  ["/console/accounts", lazy(() => import("./AccountsPage").then((file) => file.AccountsPage))],
  ["/console/accounts/:id", lazy(() => import("./AccountPage").then((file) => file.AccountPage))],
  ["/console/accounts/:id/settings", lazy(() => import("./SettingsPage").then((file) => file.SettingsPage))],
  ["/console/parcels/:id", lazy(() => import("./ParcelPage").then((file) => file.ParcelPage))],
  ["/console/claims/:id", lazy(() => import("./ClaimPage").then((file) => file.ClaimPage))],
];

function Main() {
  const { nav, where, common } = words.value;
  const items = [
    { address: "/console", label: nav.work, exactly: true },
    { address: "/console/accounts", label: nav.accounts },
  ];
  return (
    <Shell home="/console" where={where} nav={items} lost={common.connection.lostHidden}>
      {() => <Routes routes={ROUTES} home="/console" />}
    </Shell>
  );
}

function Elsewhere() {
  const { elsewhere, where } = words.value;
  return (
    <Shell home="/console" where={where} nav={[]} lost="">
      {() => (
        <Page title={elsewhere.title}>
          <p>{elsewhere.text}</p>
          <p>
            <a href="/">{elsewhere.link}</a>
          </p>
        </Page>
      )}
    </Shell>
  );
}

void start({ kind: "AGENT", addresses: ["/console"], words, loaders, Main, Elsewhere, listen });
