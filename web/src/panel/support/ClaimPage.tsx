import { useSignal } from "@preact/signals";
import { Failure } from "../../common/answers";
import { change } from "../../common/ask";
import { whyNot } from "../../common/decisions";
import { dateTime } from "../../common/format";
import { useLive } from "../../common/live";
import { Action, useDoing } from "../../common/ui/Action";
import { ClaimBadge, ParcelBadge } from "../../common/ui/Badge";
import { Dialog } from "../../common/ui/Dialog";
import { TextArea } from "../../common/ui/Field";
import { Empty, Help, Notice, Waiting } from "../../common/ui/Notice";
import { Fact, Facts, Page, Section } from "../../common/ui/Page";
import { say } from "../../common/ui/say";
import { AnswerClaimDocument, type ClaimPageQuery, ClaimPageDocument, WithdrawClaimDocument } from "../../gql/graphql";
import { words as panel } from "../words";
import { words } from "./words";

const OPEN = ["SUBMITTED", "INVESTIGATING", "AWAITING_MERCHANT", "WITH_CARRIER"];

export default function ClaimPage({ id }: { id: string }) {
  const { common } = panel.value;
  const text = words.value;
  const { data, problems, failure, asking, refresh } = useLive(ClaimPageDocument, { id });
  const withdrawing = useSignal(false);
  const claim = data.value?.claim;
  const trouble = failure.value ?? (claim ? undefined : Failure.first(problems.value));
  const isOpen = claim ? OPEN.includes(claim.status) : false;
  return (
    <Page
      title={claim ? common.claimKind[claim.kind] : text.title}
      heading={
        claim && (
          <>
            {common.claimType[claim.type]} <ClaimBadge status={claim.status} />
          </>
        )
      }
      back={{ address: "/support", label: text.title }}
      actions={
        claim && (
          <Action
            kind="danger"
            why={whyNot(claim.decisions, "WITHDRAW_CLAIM") ?? (isOpen ? undefined : text.over)}
            onClick={() => {
              withdrawing.value = true;
            }}
          >
            {text.withdraw}
          </Action>
        )
      }
    >
      {trouble && <Help failure={trouble} again={refresh} />}
      {!claim && asking.value && <Waiting />}
      {claim && (
        <>
          <Notice tone={claim.opensParcel ? "key" : "plain"}>{claim.opensParcel ? text.seen : text.unseen}</Notice>
          <div class="columns">
            <About claim={claim} />
            <Section title={text.investigation}>
              {claim.investigation.length === 0 && <Empty>{text.nothingYet}</Empty>}
              <ol class="timeline">
                {claim.investigation.map((entry) => (
                  <li key={entry.id}>
                    <time dateTime={entry.at}>{dateTime(entry.at)}</time>
                    <strong>{common.investigation[entry.kind]}</strong> <span class="soft">{entry.by}</span>
                    {entry.note && <div class="text">{entry.note}</div>}
                    {entry.carrierReference && (
                      <div class="hint">
                        {text.reference}: {entry.carrierReference}
                      </div>
                    )}
                  </li>
                ))}
              </ol>
              {isOpen && <Answering claim={claim} refresh={refresh} />}
            </Section>
          </div>
          {withdrawing.value && (
            <Withdrawal
              id={claim.id}
              refresh={refresh}
              onClose={() => {
                withdrawing.value = false;
              }}
            />
          )}
        </>
      )}
    </Page>
  );
}

type Shown = NonNullable<ClaimPageQuery["claim"]>;

function About({ claim: { kind, openedAt, closedAt, channel, handledBy, parcel, description } }: { claim: Shown }) {
  const { common } = panel.value;
  const text = words.value;
  return (
    <Section title={common.claimKind[kind]}>
      <Facts>
        <Fact name={common.parcel.one}>
          {parcel ? (
            <>
              <a href={`/parcels/${parcel.id}`}>{parcel.recipient.name || parcel.recipient.companyName || common.parcel.one}</a>{" "}
              <ParcelBadge status={parcel.status} />
            </>
          ) : (
            text.gone
          )}
        </Fact>
        {parcel?.trackingNumber && <Fact name={common.parcel.trackingNumber}>{parcel.trackingNumber}</Fact>}
        <Fact name={text.opened}>{dateTime(openedAt)}</Fact>
        {closedAt && <Fact name={text.closedAt}>{dateTime(closedAt)}</Fact>}
        <Fact name={text.channel}>{common.channel[channel]}</Fact>
        <Fact name={text.handledBy}>{handledBy ?? text.nobody}</Fact>
      </Facts>
      {description && (
        <>
          <h3>{text.yours}</h3>
          <p class="text">{description}</p>
        </>
      )}
    </Section>
  );
}

function Answering({ claim, refresh }: { claim: Shown; refresh: () => Promise<void> }) {
  const text = words.value;
  const message = useSignal("");
  const { busy, failure, run } = useDoing();
  const submit = async (event: Event) => {
    event.preventDefault();
    if (await run(() => change(AnswerClaimDocument, { claim: claim.id, message: message.value }))) {
      message.value = "";
      say(text.sent);
      await refresh();
    }
  };
  return (
    <form onSubmit={submit}>
      {claim.status === "AWAITING_MERCHANT" && <Notice tone="warning">{text.asked}</Notice>}
      <TextArea
        label={text.answer}
        required
        maxLength={10_000}
        value={message.value}
        onInput={(event) => {
          message.value = event.currentTarget.value;
        }}
      />
      {failure.value && <Help failure={failure.value} />}
      <Action kind={claim.status === "AWAITING_MERCHANT" ? "main" : "plain"} type="submit" busy={busy.value} why={whyNot(claim.decisions, "ANSWER_CLAIM")}>
        {text.send}
      </Action>
    </form>
  );
}

function Withdrawal({ id, refresh, onClose }: { id: string; refresh: () => Promise<void>; onClose: () => void }) {
  const text = words.value;
  const { busy, failure, run } = useDoing();
  const withdraw = async () => {
    if (await run(() => change(WithdrawClaimDocument, { claim: id }))) {
      say(text.withdrawn);
      onClose();
      await refresh();
    }
  };
  return (
    <Dialog title={text.withdrawTitle} onClose={onClose}>
      <p>{text.withdrawText}</p>
      {failure.value && <Help failure={failure.value} here={{ CONFLICT: text.over }} />}
      <div class="actions">
        <Action kind="danger" busy={busy.value} onClick={withdraw}>
          {text.withdraw}
        </Action>
        <Action onClick={onClose}>{text.keep}</Action>
      </div>
    </Dialog>
  );
}
