import type { ResultOf } from "@graphql-typed-document-node/core";
import { may } from "../../common/decisions";
import { useLive } from "../../common/live";
import { lazy } from "../../common/ui/lazy";
import { Help, Waiting } from "../../common/ui/Notice";
import { PreferencesPageDocument } from "../../gql/graphql";
import { SettingsPage } from "../SettingsPage";
import { Form } from "./Form";

type Account = NonNullable<NonNullable<ResultOf<typeof PreferencesPageDocument>["viewer"]>["account"]>;
export type Settings = NonNullable<Account["settings"]>;

const ReadOnly = lazy(() => import("./ReadOnly").then((file) => file.ReadOnly));

export default function PreferencesPage() {
  const { data, failure, asking, refresh } = useLive(PreferencesPageDocument, {});
  const account = data.value?.viewer?.account;
  const again = async () => {
    await refresh();
    return data.peek()?.viewer?.account?.settings ?? undefined;
  };
  return (
    <SettingsPage>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!account && asking.value && <Waiting />}
      {account?.settings &&
        (may(account.decisions, "CHANGE_SETTINGS") ? (
          <Form account={account.id} settings={account.settings} again={again} />
        ) : (
          <ReadOnly settings={account.settings} />
        ))}
    </SettingsPage>
  );
}
