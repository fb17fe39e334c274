/** Signing in and out. */
import { MeDocument } from "../gql/graphql";
import { Failure, type GraphQLProblem } from "./answers";
import { ask, reach, readJson } from "./ask";
import { session } from "./session";

/** Find out who is signed in. Throws a Failure if that can't be found out. */
export async function recognise(): Promise<void> {
  const { data } = await ask(MeDocument, {});
  session.value = data?.viewer ? { state: "open", viewer: data.viewer } : { state: "none" };
}

/** Sign in. Throws a Failure: UNAUTHENTICATED, RATE_LIMITED, OFFLINE. */
export async function signIn(email: string, password: string): Promise<void> {
  const response = await reach("/auth/sign-in", { email, password });
  if (!response.ok) {
    const { errors } = (await readJson(response)) as { errors?: GraphQLProblem[] };
    throw errors?.[0] ? Failure.of(errors[0]) : new Failure("INTERNAL");
  }
  await recognise();
}

/** Sign out: the server ends the session, and with it what is live. Throws Failure("OFFLINE"). */
export async function signOut(): Promise<void> {
  await reach("/auth/sign-out", {});
  session.value = { state: "none" };
}
