/** A form being filled in: what there was when it began, what stands in it now, and what others changed meanwhile. */
import { type Signal, useSignal } from "@preact/signals";

export interface Draft<Fields> {
  /** What stands in the form. */
  now: Signal<Fields>;
  set: <Name extends keyof Fields>(name: Name, value: Fields[Name]) => void;
  /** Those filled in differently from what there was. */
  changes: () => Partial<Fields>;
  /** What there is by now, where somebody else changed it since: undefined where not. */
  meanwhile: <Name extends keyof Fields>(name: Name) => Fields[Name] | undefined;
  /** There is something new below the draft: what was not touched follows it, the rest stays. */
  rebase: (base: Fields) => void;
  /** It was saved: what there is now is what stands in the form. */
  restart: (base: Fields) => void;
}

/** A draft on `base`, which is only looked at when it begins. It must end with the component that shows what it is a draft of. */
export function useDraft<Fields extends Record<string, unknown>>(base: Fields): Draft<Fields> {
  const from = useSignal(base);
  const now = useSignal(base);
  const news = useSignal<Partial<Fields>>({});
  const differ = (one: Fields, other: Fields) =>
    Object.fromEntries(Object.entries(one).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(other[name]))) as Partial<Fields>;
  return {
    now,
    set: (name, value) => {
      now.value = { ...now.value, [name]: value };
    },
    changes: () => differ(now.value, from.value),
    meanwhile: (name) => news.value[name],
    rebase: (base) => {
      const mine = differ(now.value, from.value);
      news.value = { ...news.value, ...differ(base, from.value) };
      from.value = base;
      now.value = { ...base, ...mine };
    },
    restart: (base) => {
      news.value = {};
      from.value = base;
      now.value = base;
    },
  };
}
