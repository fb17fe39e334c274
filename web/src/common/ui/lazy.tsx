import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Failure } from "../answers";
import { Help, Waiting } from "./Notice";

/** A component whose code, and the words it waits for, are loaded when it is first shown. */
export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let Loaded: ComponentType<Props> | undefined;
  return function Lazy(props: Props) {
    const state = useSignal(Loaded ? "here" : "coming");
    useEffect(() => {
      if (!Loaded) {
        load().then(
          (found) => {
            Loaded = found;
            state.value = "here";
          },
          () => {
            state.value = "failed"; // no connection, or another version of the app is served by now
          },
        );
      }
    }, []);
    void state.value;
    if (Loaded) {
      return <Loaded {...props} />;
    }
    return state.value === "failed" ? <Help failure={new Failure("OFFLINE")} again={() => location.reload()} /> : <Waiting />;
  };
}
