import { useSignal } from "@preact/signals";
import type { ViewerKind } from "../../gql/enums";
import { Failure } from "../answers";
import { links } from "../links";
import { session } from "../session";
import { signIn } from "../signing";
import { common } from "../speech";
import { Action, useDoing } from "./Action";
import { Input } from "./Field";
import { Languages } from "./Languages";
import { Help, Notice } from "./Notice";
import { Page } from "./Page";

export function SignIn({ kind }: { kind: ViewerKind }) {
  const words = common.value.signIn;
  const email = useSignal("");
  const password = useSignal("");
  const { busy, failure, run } = useDoing();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(() => signIn(email.value, password.value));
  };
  const app = kind === "AGENT" ? "agents" : "merchants";
  const provider = links[app] ? app : undefined;
  const reason = new URLSearchParams(location.search).get("sign-on") ?? "";
  const refused =
    reason === "limited" ? words.tooMany : Object.hasOwn(words.refused, reason) && words.refused[reason as keyof typeof words.refused];
  const known = failure.value && told(failure.value);
  return (
    <main class="sign-in" id="content">
      <Page title={words.title}>
        {session.value.state === "ended" && <Notice tone="warning">{words.ended}</Notice>}
        {session.value.state !== "open" && session.value.told && <Notice tone="good">{session.value.told}</Notice>}
        {refused && (
          <div class="notice bad" role="alert">
            {refused}
          </div>
        )}
        {provider && (
          <p>
            <a class="button main" href={`/auth/sign-on/${provider}?return=${encodeURIComponent(location.pathname)}`}>
              {words.elsewhere(links[provider] as string)}
            </a>
          </p>
        )}
        {links.passwords !== false && (
          <form class="card" onSubmit={submit}>
            <Input
              label={words.email}
              type="email"
              name="email"
              autocomplete="username"
              required
              onInput={(event) => {
                email.value = event.currentTarget.value;
              }}
            />
            <Input
              label={words.password}
              type="password"
              name="password"
              autocomplete="current-password"
              required
              onInput={(event) => {
                password.value = event.currentTarget.value;
              }}
            />
            {known && (
              <div class="notice bad" role="alert">
                {known}
              </div>
            )}
            {failure.value && !known && <Help failure={failure.value} />}
            <Action kind="main" type="submit" busy={busy.value}>
              {words.submit}
            </Action>
          </form>
        )}
        <Languages />
      </Page>
    </main>
  );
}

function told(failure: Failure): string | undefined {
  const words = common.value.signIn;
  return failure.code === "UNAUTHENTICATED" ? words.wrong : failure.code === "RATE_LIMITED" ? words.tooMany : undefined;
}
