/** The words of the settings pages. */
import { spoken } from "../../common/speech";
import type english from "./words/en";

export type SettingsWords = typeof english;

export const words = await spoken<SettingsWords>({
  en: () => import("./words/en"),
  nl: () => import("./words/nl"),
  es: () => import("./words/es"),
  de: () => import("./words/de"),
  fr: () => import("./words/fr"),
  it: () => import("./words/it"),
});
