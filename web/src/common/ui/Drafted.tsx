import type { ComponentChildren } from "preact";
import type { Draft } from "../draft";
import { common } from "../speech";
import { Input, Select, TextArea } from "./Field";

type Texts = Record<string, string>;

interface Props {
  draft: Draft<Texts>;
  name: string;
  label: string;
  hint?: string;
  /** The field that the server found wrong. */
  wrong?: string | undefined;
}

function useDrafted({ draft, name, label, hint, wrong }: Props) {
  const words = common.value;
  const news = draft.meanwhile(name);
  return {
    label,
    value: draft.now.value[name] ?? "",
    hint: news === undefined ? hint : words.meanwhile(news || words.nothing),
    wrong: wrong?.split(".").pop() === name ? words.checkThis : undefined,
    onInput: (event: { currentTarget: { value: string } }) => draft.set(name, event.currentTarget.value),
  };
}

/** A line of a draft; it tells what somebody else made of it meanwhile. */
export function DraftInput({ type = "text", required, maxLength, ...props }: Props & { type?: "text" | "email" | "number" | "url"; required?: boolean; maxLength?: number }) {
  return <Input {...({ type, required, maxLength } as object)} {...useDrafted(props)} />;
}

export function DraftText(props: Props) {
  return <TextArea {...useDrafted(props)} />;
}

export function DraftSelect({ children, ...props }: Props & { children: ComponentChildren }) {
  return <Select {...useDrafted(props)}>{children}</Select>;
}
