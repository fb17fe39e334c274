import type { ComponentType } from "preact";
import { match, place } from "../common/route";
import { start } from "../common/start";
import { Empty } from "../common/ui/Notice";
import { Page } from "../common/ui/Page";
import { Shell } from "../common/ui/Shell";
import { listen } from "./changes";
import { QueuePage } from "./QueuePage";
import { loaders, words } from "./words";

const PAGES: [string, ComponentType<any>][] = [["/console", QueuePage]];

function Main() {
  const { nav, where, common } = words.value;
  const items = [
    { address: "/console", label: nav.work, below: "/console/claims" },
    { address: "/console/accounts", label: nav.accounts },
  ];
  return (
    <Shell home="/console" where={where} nav={items} lost={common.connection.lostHidden}>
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
        <a href="/console">{words.value.common.home}</a>
      </Empty>
    </Page>
  );
}

function Elsewhere() {
  const { elsewhere, where } = words.value;
  return (
    <Shell home="/console" where={where} nav={[]} lost="">
      <Page title={elsewhere.title}>
        <p>{elsewhere.text}</p>
        <p>
          <a href="/">{elsewhere.link}</a>
        </p>
      </Page>
    </Shell>
  );
}

void start({ kind: "AGENT", addresses: ["/console"], words, loaders, Main, Elsewhere, listen });
