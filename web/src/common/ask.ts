/** Asking over HTTP: trusted documents only, sent by their hash. Nothing that comes back is kept here. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { type Answer, Failure, type GraphQLProblem, type Privacy } from "./answers";
import { sessionEnded } from "./session";

const PATIENCE_MS = 10_000;

/** The id of a trusted document: codegen.mjs put its hash where its text would stand. */
export function documentId(document: TypedDocumentNode<any, any>): string {
  return (document as unknown as { __meta__: { hash: string } }).__meta__.hash;
}

/** The answer, whatever errors it holds. Throws a Failure where there is none: offline, signed out, refused as a whole. */
export async function ask<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Answer<Data>> {
  const response = await reach("/graphql", { documentId: documentId(document), variables });
  const body = (await readJson(response)) as { data?: Data | null; errors?: GraphQLProblem[]; extensions?: { privacy?: Privacy } };
  const errors = body.errors ?? [];
  if (errors.some((each) => each.extensions?.code === "UNAUTHENTICATED")) {
    sessionEnded();
  }
  if (!response.ok || (body.data == null && errors[0])) {
    throw errors[0] ? Failure.of(errors[0]) : new Failure("INTERNAL");
  }
  return { data: body.data ?? null, errors, privacy: body.extensions?.privacy ?? {} };
}

/** Change something. Throws a Failure for the first error of the answer: then it was not done. */
export async function change<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> {
  const { data, errors } = await ask(document, variables);
  if (errors[0]) {
    throw Failure.of(errors[0]);
  }
  return data as Data;
}

/** POST as JSON. Throws Failure("OFFLINE") when no answer comes. */
export async function reach(address: string, body: unknown): Promise<Response> {
  try {
    return await fetch(address, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/graphql-response+json, application/json;q=0.9" },
      body: JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch {
    throw new Failure("OFFLINE");
  }
}

export async function readJson(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new Failure(response.status >= 500 ? "OFFLINE" : "INTERNAL"); // a proxy's page in the server's place
  }
}
