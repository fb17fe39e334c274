import { useSignal } from "@preact/signals";
import { may, whyNot } from "../../common/decisions";
import { date } from "../../common/format";
import { useLive } from "../../common/live";
import { Action } from "../../common/ui/Action";
import { lazy } from "../../common/ui/lazy";
import { Help, Waiting } from "../../common/ui/Notice";
import { Fact, Facts, Section } from "../../common/ui/Page";
import { DirectDebitSectionDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { words } from "./words";

const Form = lazy(() => import("../dialogs/DirectDebitChanges").then((module) => module.Form));
const Removal = lazy(() => import("../dialogs/DirectDebitChanges").then((module) => module.Removal));
const TONE = { ACTIVE: "good", PENDING: "warning", FAILED: "bad" };

export function DirectDebit() {
  const { common } = panel.value;
  const { debit: text } = words.value;
  const { data, failure, asking, refresh } = useLive(DirectDebitSectionDocument, {});
  const open = useSignal<"form" | "removal" | undefined>(undefined);
  const account = data.value?.viewer?.account;
  const debit = account?.directDebit;
  const why = whyNot(account?.decisions, "CHANGE_DIRECT_DEBIT");
  const close = () => {
    open.value = undefined;
  };
  const done = async () => {
    close();
    await refresh();
  };
  return (
    <Section
      id="direct-debit"
      title={text.title}
      state={debit && <span class={`badge ${TONE[debit.status]}`}>{common.directDebitStatus[debit.status]}</span>}
    >
      <p class="soft">{text.hint}</p>
      {failure.value && <Help failure={failure.value} again={refresh} />}
      {!account && asking.value && <Waiting />}
      {debit && (
        <Facts>
          <Fact name={text.iban}>{debit.iban}</Fact>
          <Fact name={text.holder}>{debit.accountHolder}</Fact>
          {debit.bic && <Fact name="BIC">{debit.bic}</Fact>}
          <Fact name={text.mandate}>{debit.mandateReference}</Fact>
          {debit.signedAt && <Fact name={text.signed}>{date(debit.signedAt)}</Fact>}
        </Facts>
      )}
      {account && !debit && may(account.decisions, "VIEW_DIRECT_DEBIT") && <p>{text.none}</p>}
      {account && open.value === "form" && <Form account={account.id} onDone={done} onClose={close} />}
      {account && open.value !== "form" && (
        <p class="actions">
          <Action
            why={why}
            onClick={() => {
              open.value = "form";
            }}
          >
            {debit ? text.change : text.set}
          </Action>
          {debit && (
            <Action
              kind="danger"
              why={why}
              onClick={() => {
                open.value = "removal";
              }}
            >
              {text.remove}
            </Action>
          )}
        </p>
      )}
      {account && open.value === "removal" && <Removal account={account.id} onDone={done} onClose={close} />}
    </Section>
  );
}
