/** The words of the settings but for the account. */
import { spoken } from "../../common/speech";
import type english from "./words/en";

export type PreferencesWords = typeof english;

export const words = await spoken<PreferencesWords>({
  en: () => import("./words/en"),
  nl: () => import("./words/nl"),
  es: () => import("./words/es"),
  de: () => import("./words/de"),
  fr: () => import("./words/fr"),
  it: () => import("./words/it"),
});
