/** What the API answers, and what a page makes of it when it can't have what it asked for. */
import type { Action, Basis, Reason } from "../gql/enums";

/** Where in an answer personal data was shown or withheld: response keys, and "*" for the positions of a list. */
export interface Place {
  field: string;
  path: string[];
  count: number;
}

export interface Privacy {
  disclosed?: (Place & { basis: Basis })[];
  withheld?: (Place & { reason: Reason })[];
}

type Code =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "NOT_FOUND"
  | "BAD_USER_INPUT"
  | "CONFLICT"
  | "TOO_COMPLEX"
  | "RATE_LIMITED"
  | "INTERNAL";

export interface GraphQLProblem {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: Code; reason?: Reason; action?: Action; requestId?: string };
}

export interface Answer<Data> {
  data: Data | null;
  errors: GraphQLProblem[];
  privacy: Privacy;
}

/** Why something did not work, in the words a page has help for. OFFLINE: no answer came. */
export class Failure extends Error {
  readonly code: Code | "OFFLINE";
  readonly reason: Reason | undefined;
  readonly requestId: string | undefined;

  constructor(code: Code | "OFFLINE", message: string = code, reason?: Reason, requestId?: string) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.requestId = requestId;
  }

  /** The field that was filled in wrongly, if the server named one: "iban", "recipient.email". */
  get field(): string | undefined {
    return this.code === "BAD_USER_INPUT" ? this.message.split(" ", 1)[0] : undefined;
  }

  /** The first of the problems in an answer that lacks what was asked for. */
  static first(problems: GraphQLProblem[]): Failure | undefined {
    return problems[0] && Failure.of(problems[0]);
  }

  static of(problem: GraphQLProblem): Failure {
    const { code = "INTERNAL", reason, requestId } = problem.extensions ?? {};
    return new Failure(code, problem.message, reason, requestId);
  }
}
