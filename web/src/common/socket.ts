/** What is live: one WebSocket per page, and whether the server is still there. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { signal } from "@preact/signals";
import { type Client, createClient, type SubscribePayload } from "graphql-ws";
import type { GraphQLProblem } from "./answers";
import { documentId } from "./ask";
import { sessionEnded } from "./session";

/** "lost": for the moment nobody would tell us of a revoke. */
export const connection = signal<"opening" | "live" | "lost">("opening");

const PING_MS = 3_000;
const PATIENCE_MS = 4_000; // with the ping before it, a frozen server is noticed in seven seconds
const LONGEST_WAIT_MS = 5_000;

let client: Client | undefined;

function open(): Client {
  let deadline: ReturnType<typeof setTimeout> | undefined;
  connection.value = "opening";
  const made = createClient({
    url: `${location.origin.replace("http", "ws")}/graphql`,
    lazy: false,
    keepAlive: PING_MS,
    connectionAckWaitTimeout: PATIENCE_MS,
    retryAttempts: Number.POSITIVE_INFINITY,
    retryWait: (retries) => new Promise((resolve) => setTimeout(resolve, Math.min(250 * 2 ** retries, LONGEST_WAIT_MS))),
    onNonLazyError: () => lost(),
    on: {
      connected: () => {
        connection.value = "live";
      },
      ping: (received) => {
        if (!received) {
          deadline = setTimeout(() => {
            lost();
            made.terminate();
          }, PATIENCE_MS);
        }
      },
      pong: (received) => {
        if (received) {
          clearTimeout(deadline);
        }
      },
      closed: () => {
        clearTimeout(deadline);
        lost();
      },
    },
  });
  // A socket that never opened is as good as a lost one.
  setTimeout(() => {
    if (client === made && connection.value === "opening") {
      lost();
    }
  }, PING_MS + PATIENCE_MS);
  return made;
}

function lost(): void {
  if (client) {
    connection.value = "lost";
  }
}

/** Begin to be live, as whoever is signed in. */
export function connect(): void {
  client ??= open();
}

/** Stop being live: at sign-out, for the connection is that of who opened it. */
export function disconnect(): void {
  const old = client;
  client = undefined;
  connection.value = "opening";
  void old?.dispose();
}

/** Hear the events of a subscription until the returned function is called. */
export function watch<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  heard: (data: Data) => void,
): () => void {
  connect();
  // The protocol's client wants a `query`; the server reads the id in its place.
  const payload = { query: "", documentId: documentId(document), variables } as SubscribePayload;
  return (client as Client).subscribe<Data>(payload, {
    next: ({ data }) => data && heard(data),
    error: (problem) => {
      const problems = Array.isArray(problem) ? (problem as GraphQLProblem[]) : [];
      if (problems.some((each) => each.extensions?.code === "UNAUTHENTICATED")) {
        sessionEnded();
      } else {
        lost(); // nothing is heard any more
      }
    },
    complete: () => {},
  });
}
