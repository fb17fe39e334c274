import { useSignal } from "@preact/signals";
import { viewer } from "../../common/session";
import { Action } from "../../common/ui/Action";
import { lazy } from "../../common/ui/lazy";
import { Section } from "../../common/ui/Page";
import { words } from "./words";

const DeletionDialog = lazy(() => import("../dialogs/DeletionDialog").then((module) => module.DeletionDialog));

/** The end of the account: for its owner, who types the company's name. */
export function DeleteAccount() {
  const { deletion: text } = words.value;
  const asking = useSignal(false);
  const account = viewer.value?.account;
  if (!account) {
    return null;
  }
  return (
    <Section id="delete-account" title={text.title} danger>
      <p class="soft">{text.lead}</p>
      <Action
        kind="danger"
        why={viewer.value?.roles.includes("OWNER") ? undefined : text.ownerOnly}
        onClick={() => {
          asking.value = true;
        }}
      >
        {text.button}
      </Action>
      {asking.value && (
        <DeletionDialog
          account={account}
          onClose={() => {
            asking.value = false;
          }}
        />
      )}
    </Section>
  );
}
