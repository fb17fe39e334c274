import type { ComponentChildren } from "preact";
import { Page } from "../common/ui/Page";
import { words } from "./words";

/** One of the pages of the settings, beside the other. */
export function SettingsPage({ children }: { children: ComponentChildren }) {
  const { nav } = words.value;
  const beside = [
    { address: "/settings/account", label: nav.account },
    { address: "/settings/preferences", label: nav.preferences },
  ];
  return (
    <Page title={nav.settings} beside={beside}>
      {children}
    </Page>
  );
}
