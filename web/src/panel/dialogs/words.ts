/** The words of what the settings ask before it is done: most sessions never need them. */
import { spoken } from "../../common/speech";
import type english from "./words/en";

export type DialogsWords = typeof english;

export const words = await spoken<DialogsWords>({
  en: () => import("./words/en"),
  nl: () => import("./words/nl"),
  es: () => import("./words/es"),
  de: () => import("./words/de"),
  fr: () => import("./words/fr"),
  it: () => import("./words/it"),
});
