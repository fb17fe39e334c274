/** In which language we speak. Each app has its words in six; one is loaded at a time. */
import { computed, signal } from "@preact/signals";
import { viewer } from "./session";

export const LANGUAGES = { en: "English", nl: "Nederlands", es: "Español", de: "Deutsch", fr: "Français", it: "Italiano" } as const;
export type Language = keyof typeof LANGUAGES;

const CHOSEN = "latchkey.language";

function known(tag: string | null | undefined): Language | undefined {
  const language = tag?.slice(0, 2).toLowerCase();
  return language && language in LANGUAGES ? (language as Language) : undefined;
}

const chosen = signal<Language | undefined>(known(localStorage.getItem(CHOSEN)));

/** What was chosen here, else the user's own, else the browser's. */
export const language = computed<Language>(
  () => chosen.value ?? known(viewer.value?.locale) ?? navigator.languages.map(known).find((each) => each) ?? "en",
);

/** The region matters for dates and numbers: the user's own or the browser's, if it is of the language spoken. */
export const locale = computed<string>(
  () => [viewer.value?.locale, ...navigator.languages].find((tag) => known(tag) === language.value) ?? language.value,
);

export function choose(wanted: Language): void {
  localStorage.setItem(CHOSEN, wanted);
  chosen.value = wanted;
}
