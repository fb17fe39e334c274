/**
 * What a page shows: the answer to one query, asked again whenever it may have changed, and masked the moment it may no longer be shown.
 *
 * The server says which places of an answer hold personal data (`extensions.privacy`). When a consent or claim ends, a time runs out or
 * the connection is lost, those places become null before anything is asked again, and an answer that was on its way is thrown away.
 */
import { type Signal, signal } from "@preact/signals";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Basis, Reason } from "../gql/enums";
import { Failure, type GraphQLProblem, type Place, type Privacy } from "./answers";
import { ask } from "./ask";
import { at, heardTime } from "./clock";

/** Why a place is empty: the API's reasons, and one that only a page knows. */
export type Hidden = Reason | "CONNECTION_LOST";

export interface Scope<Data = never> {
  /** Of which account it shows something, or how its answer tells; without one it may be any. */
  account?: string | undefined | ((data: Data) => string | undefined);
}

export interface Live<Data> {
  data: Signal<Data | undefined>;
  /** Errors of single fields: what was refused in an otherwise good answer. */
  problems: Signal<GraphQLProblem[]>;
  failure: Signal<Failure | undefined>;
  /** What was shown is hidden for the moment, and why: a form holding it has to go too. */
  hidden: Signal<Hidden | undefined>;
  asking: Signal<boolean>;
  /** Ask again, keeping what is shown meanwhile. */
  refresh: () => Promise<void>;
}

type Disclosed = NonNullable<Privacy["disclosed"]>;

const open = new Set<LiveQuery<any, any>>();
let masked: "CONNECTION_LOST" | undefined;

class LiveQuery<Data, Variables> implements Live<Data> {
  readonly data = signal<Data | undefined>(undefined);
  readonly problems = signal<GraphQLProblem[]>([]);
  readonly failure = signal<Failure | undefined>(undefined);
  readonly hidden = signal<Hidden | undefined>(undefined);
  readonly asking = signal(true);
  private disclosed: Disclosed = [];
  private asked = 0;
  private over: number | undefined;
  private cancel = () => {};

  private readonly document: TypedDocumentNode<Data, Variables>;
  private readonly variables: Variables;
  readonly scope: Scope<Data>;

  constructor(document: TypedDocumentNode<Data, Variables>, variables: Variables, scope: Scope<Data>) {
    this.document = document;
    this.variables = variables;
    this.scope = scope;
  }

  refresh = async (): Promise<void> => {
    const number = ++this.asked;
    const since = Date.now();
    this.asking.value = true;
    try {
      const { data, errors, privacy } = await ask(this.document, this.variables);
      if (number === this.asked) {
        noteTimes(data, since);
        this.show(data ?? undefined, errors, privacy.disclosed ?? []);
      }
    } catch (failure) {
      if (number === this.asked) {
        this.failure.value = failure instanceof Failure ? failure : new Failure("INTERNAL");
      }
    }
    if (number === this.asked) {
      this.asking.value = false;
    }
  };

  private show(data: Data | undefined, problems: GraphQLProblem[], disclosed: Disclosed): void {
    this.disclosed = disclosed;
    this.data.value = masked ? without(data, disclosed, masked) : data;
    this.hidden.value = masked;
    this.problems.value = problems;
    this.failure.value = undefined;
    this.hideAt(soonest(data));
  }

  private hideAt(over: number | undefined): void {
    this.cancel();
    this.over = over;
    this.cancel = over === undefined ? () => {} : at(over, () => this.hide("NO_LIVE_CONSENT"));
  }

  /** Take what is personal away now, and ask what may be shown instead. */
  hide(reason: Hidden): void {
    this.hidden.value = reason;
    this.data.value = without(this.data.value, this.disclosed, reason);
    this.disclosed = [];
    if (reason !== "CONNECTION_LOST") {
      void this.refresh(); // and what is on its way, which was decided before, is dropped
    }
  }

  /** Does it show anything on this basis? */
  rests(basis: Basis): boolean {
    return this.disclosed.some((place) => place.basis === basis);
  }

  /** The account of what it shows: undefined where it is of several, or not known yet. */
  get account(): string | undefined {
    const { account } = this.scope;
    const data = this.data.value;
    return typeof account === "function" ? data && account(data) : account;
  }

  /** Begin with what another query of the same account shows, until there is an answer; and hide it when that one would. */
  adopt(other: LiveQuery<Data, Variables>): void {
    this.data.value = other.data.value;
    this.problems.value = other.problems.value;
    this.hidden.value = other.hidden.value;
    this.disclosed = other.disclosed;
    this.hideAt(other.over);
  }

  close(): void {
    open.delete(this);
    this.asked += 1;
    this.cancel();
    this.disclosed = [];
    this.data.value = undefined;
  }
}

/** The answer to a query for as long as the component is there; another query for other variables. */
export function useLive<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables, scope: Scope<Data> = {}): Live<Data> {
  const key = JSON.stringify(variables);
  const [made, setMade] = useState<LiveQuery<Data, Variables>>();
  const last = useRef<LiveQuery<Data, Variables>>(undefined);
  useEffect(() => {
    const query = new LiveQuery(document, variables, scope);
    if (last.current && last.current.scope.account === scope.account) {
      query.adopt(last.current);
    }
    last.current?.close();
    last.current = query;
    open.add(query);
    setMade(query);
    void query.refresh();
  }, [key, document]);
  useEffect(() => () => last.current?.close(), []);
  return made ?? NOTHING;
}

const NOTHING: Live<never> = {
  data: signal(undefined),
  problems: signal([]),
  failure: signal(undefined),
  hidden: signal(undefined),
  asking: signal(true),
  refresh: async () => {},
};

/**
 * A consent or a claim of an account ended: hide at once what was shown on that basis, then ask again. Of a page of that account everything
 * a consent opened is hidden, personal or not: its settings, what was searched for, and drafts.
 */
export function ended(basis: Basis, account: string): void {
  for (const query of concerned(account)) {
    if (query.rests(basis) || (basis === "CONSENT" && query.account === account)) {
      query.hide("NO_LIVE_CONSENT");
    } else {
      void query.refresh();
    }
  }
}

/** Something of an account changed, and nothing ended by it: ask again. */
export function changed(account?: string): void {
  for (const query of concerned(account)) {
    void query.refresh();
  }
}

/** Nobody would tell us of a revoke now: hide everything personal until `reconnected`. */
export function disconnected(): void {
  masked = "CONNECTION_LOST";
  for (const query of open) {
    query.hide(masked);
  }
}

/** Whoever asks from now on would be told of a revoke: ask again for everything. */
export function reconnected(): void {
  masked = undefined;
  changed();
}

function concerned(account: string | undefined): LiveQuery<any, any>[] {
  return [...open].filter((query) => !account || (query.account ?? account) === account);
}

/** A copy with null at the places, and every `disclosure` saying why. */
export function without<Data>(data: Data, places: Place[], reason: Hidden): Data {
  if (data === undefined) {
    return data;
  }
  const copy = structuredClone(data);
  for (const { path } of places) {
    clear(copy, path);
  }
  each(copy, (found) => {
    if (isDisclosure(found.disclosure) && found.disclosure.shown) {
      found.disclosure = { ...found.disclosure, shown: false, basis: null, until: null, reason };
    }
  });
  return copy;
}

type Fields = Record<string, unknown>;

function clear(from: unknown, [key, ...rest]: string[]): void {
  if (from === null || typeof from !== "object" || key === undefined) {
    return;
  }
  if (key === "*") {
    for (const item of from as unknown[]) {
      clear(item, rest);
    }
  } else if (rest.length > 0) {
    clear((from as Fields)[key], rest);
  } else {
    (from as Fields)[key] = null;
  }
}

function each(from: unknown, see: (found: Fields) => void): void {
  if (from === null || typeof from !== "object") {
    return;
  }
  if (!Array.isArray(from)) {
    see(from as Fields);
  }
  for (const inner of Object.values(from)) {
    each(inner, see);
  }
}

function isDisclosure(value: unknown): value is { shown: boolean } {
  return typeof value === "object" && value !== null && "shown" in value;
}

/** Every `agentLogin.now` in an answer sets our idea of the server's clock. */
function noteTimes(data: unknown, asked: number): void {
  each(data, (found) => {
    if (typeof found.now === "string") {
      heardTime(found.now, asked);
    }
  });
}

/** The first instant at which something in the answer stops being shown: `disclosure.until`, or a live consent's `expiresAt`. */
function soonest(data: unknown): number | undefined {
  const instants: number[] = [];
  each(data, (found) => {
    if (isDisclosure(found.disclosure) && found.disclosure.shown) {
      const { until } = found.disclosure as { until?: string | null };
      instants.push(until ? Date.parse(until) : Number.NaN);
    }
    if (found.state === "ACTIVE" && typeof found.expiresAt === "string") {
      instants.push(Date.parse(found.expiresAt));
    }
  });
  const known = instants.filter((each) => !Number.isNaN(each));
  return known.length > 0 ? Math.min(...known) : undefined;
}
