/** The panel's words, in six languages. What one of them lacks does not compile. */
import { signal } from "@preact/signals";
import type { Loaders } from "../common/speech";
import type english from "./words/en";

export type PanelWords = typeof english;

export const words = signal({} as PanelWords);

export const loaders: Loaders<PanelWords> = {
  en: () => import("./words/en"),
  nl: () => import("./words/nl"),
  es: () => import("./words/es"),
  de: () => import("./words/de"),
  fr: () => import("./words/fr"),
  it: () => import("./words/it"),
};
