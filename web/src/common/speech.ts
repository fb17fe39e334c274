/** The words of the language spoken, loaded when they are needed. Each app's words hold the common ones. */
import { effect, type Signal, signal } from "@preact/signals";
import { type Language, language } from "./language";
import type commonWords from "./words/en";

export type CommonWords = typeof commonWords;
export type Loaders<Words> = Record<Language, () => Promise<{ default: Words }>>;

/** The words both apps share, in the language spoken. */
export const common = signal<CommonWords>({} as CommonWords);

/** Words of a part that is loaded by itself: resolves when there are any, and follows the language from then on. */
export function spoken<Words>(loaders: Loaders<Words>): Promise<Signal<Words>> {
  const words = signal({} as Words);
  return new Promise((resolve, reject) => {
    effect(() => {
      const wanted = language.value;
      loaders[wanted]().then(({ default: loaded }) => {
        if (wanted === language.peek()) {
          words.value = loaded;
          resolve(words);
        }
      }, reject);
    });
  });
}

/** Speak the language chosen, now and whenever another is. Resolves when the first words are there. */
export function speak<Words extends { common: CommonWords }>(words: Signal<Words>, loaders: Loaders<Words>): Promise<void> {
  return new Promise((resolve) => {
    effect(() => {
      const wanted = language.value;
      void loaders[wanted]().then(({ default: loaded }) => {
        if (wanted === language.peek()) {
          common.value = loaded.common;
          words.value = loaded;
          document.documentElement.lang = wanted;
          resolve();
        }
      });
    });
  });
}
