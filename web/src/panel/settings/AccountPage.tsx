import { AgentLogin } from "./AgentLogin";
import { DeleteAccount } from "./DeleteAccount";
import { DirectDebit } from "./DirectDebit";
import { SettingsPage } from "./SettingsPage";

export default function AccountPage() {
  return (
    <SettingsPage>
      <AgentLogin />
      <DirectDebit />
      <DeleteAccount />
    </SettingsPage>
  );
}
