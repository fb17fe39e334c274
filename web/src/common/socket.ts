/**
 * What is live: one WebSocket a page, speaking graphql-transport-ws, and whether the server is still there.
 *
 * It is "live" once the server answered what was sent after the subscriptions: whoever asks from then on hears of every change to what
 * they were answered. What was answered before is asked again (see live.ts), for its change may have gone by unheard.
 */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { signal } from "@preact/signals";
import type { GraphQLProblem } from "./answers";
import { documentId } from "./ask";
import { sessionEnded } from "./session";

/** "lost": for the moment nobody would tell us of a revoke. */
export const connection = signal<"opening" | "live" | "lost">("opening");

const PING_MS = 3_000;
const PATIENCE_MS = 4_000; // with the ping before it, a frozen server is noticed in seven seconds
const LONGEST_WAIT_MS = 5_000;

interface Watched {
  payload: object;
  heard: (data: any) => void;
}

type Message = { type: string; id?: string; payload?: { data?: unknown } | GraphQLProblem[] };
type Timer = ReturnType<typeof setTimeout>;

const watched = new Map<string, Watched>();
let wanted = false;
let socket: WebSocket | undefined;
let acknowledged = false;
let retries = 0;
let newest = 0;
let deadline: Timer | undefined;
let next: Timer | undefined;

function open(): void {
  const made = new WebSocket(`${location.origin.replace("http", "ws")}/graphql`, "graphql-transport-ws");
  socket = made;
  acknowledged = false;
  expectAnswer(PING_MS + PATIENCE_MS); // one that never opens is as good as a lost one
  made.onopen = () => send({ type: "connection_init" });
  made.onclose = lost;
  made.onmessage = ({ data }) => understand(JSON.parse(data as string) as Message);
}

function understand({ type, id = "", payload }: Message): void {
  if (type === "next") {
    const data = (payload as { data?: unknown }).data;
    if (data) {
      watched.get(id)?.heard(data);
    }
  } else if (type === "pong") {
    clearTimeout(deadline);
    if (connection.value === "live") {
      retries = 0; // it lasts: one that is closed at once is tried again ever more seldom
    }
    connection.value = "live";
    next = setTimeout(ping, PING_MS);
  } else if (type === "ping") {
    send({ type: "pong" });
  } else if (type === "connection_ack") {
    acknowledged = true;
    watched.forEach(subscribe);
    ping();
  } else if (watched.has(id)) {
    if (type === "error" && (payload as GraphQLProblem[]).some((each) => each.extensions?.code === "UNAUTHENTICATED")) {
      sessionEnded();
    } else {
      lost(); // an error or a `complete` that nobody asked for: nothing more would be heard
    }
  }
}

function send(message: object): void {
  socket?.send(JSON.stringify(message));
}

function subscribe({ payload }: Watched, id: string): void {
  send({ id, type: "subscribe", payload });
}

function ping(): void {
  send({ type: "ping" });
  expectAnswer(PATIENCE_MS);
}

function expectAnswer(within: number): void {
  clearTimeout(deadline);
  deadline = setTimeout(lost, within);
}

/** Give up this socket, and open another in a while. */
function lost(): void {
  drop();
  connection.value = "lost";
  // Not all at the same moment, when a server comes back.
  next = setTimeout(open, Math.min(250 * 2 ** retries++, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2));
}

function drop(): void {
  clearTimeout(deadline);
  clearTimeout(next);
  const old = socket;
  socket = undefined;
  acknowledged = false;
  if (old) {
    old.onopen = old.onclose = old.onmessage = null;
    old.close();
  }
}

/** Begin to be live, as whoever is signed in. */
export function connect(): void {
  if (!wanted) {
    wanted = true;
    open();
  }
}

/** Stop being live: at sign-out, for the connection is that of who opened it. */
export function disconnect(): void {
  wanted = false;
  retries = 0;
  drop();
  connection.value = "opening";
}

/** Hear the events of a subscription until the returned function is called. */
export function watch<Data, Variables extends Record<string, unknown>>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
  heard: (data: Data) => void,
): () => void {
  const id = String(++newest);
  const made = { payload: { documentId: documentId(document), variables }, heard };
  watched.set(id, made);
  if (acknowledged) {
    subscribe(made, id);
  }
  connect();
  return () => {
    watched.delete(id);
    if (acknowledged) {
      send({ id, type: "complete" });
    }
  };
}
