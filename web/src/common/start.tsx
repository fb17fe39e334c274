/** How an app begins: the words, who is signed in, and then what it shows. */
import { effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import { type ComponentType, render } from "preact";
import type { ViewerKind } from "../gql/enums";
import { Failure } from "./answers";
import { disconnected, reconnected } from "./live";
import { followLinks, onArrival } from "./route";
import { session, viewer } from "./session";
import { recognise } from "./signing";
import { connect, connection, disconnect } from "./socket";
import { type CommonWords, type Loaders, speak } from "./speech";
import { lazy } from "./ui/lazy";
import { Help } from "./ui/Notice";
import { focusHeading } from "./ui/Page";

const SignIn = lazy(() => import("./ui/SignIn").then((file) => file.SignIn)); // who is signed in never needs it

interface App<Words extends { common: CommonWords }> {
  /** For whom it is: who else signs in is shown `Elsewhere`. */
  kind: ViewerKind;
  /** The addresses it has, with those below them: links to them don't load a page. pages.py serves them. */
  addresses: string[];
  words: Signal<Words>;
  loaders: Loaders<Words>;
  Main: ComponentType;
  Elsewhere: ComponentType;
  /** Begin to hear what changes. Returns what ends it. */
  listen: () => () => void;
}

export async function start<Words extends { common: CommonWords }>(app: App<Words>): Promise<void> {
  const failure = signal<Failure | undefined>(undefined);
  const recognised = recognise().catch((problem: unknown) => {
    failure.value = problem instanceof Failure ? problem : new Failure("INTERNAL");
  });
  await Promise.all([speak(app.words, app.loaders), recognised]);
  followLinks(app.addresses);
  onArrival(focusHeading);
  onChange(viewer, focusHeading);
  liveWhileSignedIn(app.listen);

  function Root() {
    if (failure.value && !viewer.value) {
      return <Help failure={failure.value} again={() => location.reload()} />;
    }
    if (!viewer.value) {
      return <SignIn kind={app.kind} />;
    }
    return viewer.value.kind === app.kind ? <app.Main key={viewer.value.id} /> : <app.Elsewhere />;
  }
  render(<Root />, document.getElementById("app") as HTMLElement);
}

function onChange<Value>(of: ReadonlySignal<Value>, changed: () => void): void {
  let first = true;
  effect(() => {
    void of.value;
    if (!first) {
      changed();
    }
    first = false;
  });
}

/** The connection is that of who opened it: it begins at sign-in and is closed at sign-out. */
function liveWhileSignedIn(listen: () => () => void): void {
  effect(() => {
    if (session.value.state !== "open") {
      return;
    }
    connect();
    const stop = listen();
    return () => {
      stop();
      disconnect();
    };
  });
  effect(() => {
    const { value } = connection;
    untracked(() => (value === "lost" ? disconnected() : value === "live" && reconnected()));
  });
}
