import type { ComponentChildren } from "preact";
import { Page } from "../../common/ui/Page";
import { words as panel } from "../words";
import { words } from "./words";

/** One of the pages of the settings, beside the other. */
export function SettingsPage({ children }: { children: ComponentChildren }) {
  const { account, preferences } = words.value;
  const beside = [
    { address: "/settings/account", label: account },
    { address: "/settings/preferences", label: preferences },
  ];
  return (
    <Page title={panel.value.nav.settings} beside={beside}>
      {children}
    </Page>
  );
}
