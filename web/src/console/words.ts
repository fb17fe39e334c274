/** The console's words, in six languages. What one of them lacks does not compile. */
import { signal } from "@preact/signals";
import type { Loaders } from "../common/speech";
import type english from "./words/en";

export type ConsoleWords = typeof english;

export const words = signal({} as ConsoleWords);

export const loaders: Loaders<ConsoleWords> = {
  en: () => import("./words/en"),
  nl: () => import("./words/nl"),
  es: () => import("./words/es"),
  de: () => import("./words/de"),
  fr: () => import("./words/fr"),
  it: () => import("./words/it"),
};
