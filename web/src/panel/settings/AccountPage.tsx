import { SettingsPage } from "../SettingsPage";
import { AgentLogin } from "./AgentLogin";
import { DeleteAccount } from "./DeleteAccount";
import { DirectDebit } from "./DirectDebit";

export default function AccountPage() {
  return (
    <SettingsPage>
      <AgentLogin />
      <DirectDebit />
      <DeleteAccount />
    </SettingsPage>
  );
}
