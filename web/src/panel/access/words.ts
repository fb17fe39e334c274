/** The words of the access log. */
import { spoken } from "../../common/speech";
import type english from "./words/en";

export type AccessWords = typeof english;

export const words = await spoken<AccessWords>({
  en: () => import("./words/en"),
  nl: () => import("./words/nl"),
  es: () => import("./words/es"),
  de: () => import("./words/de"),
  fr: () => import("./words/fr"),
  it: () => import("./words/it"),
});
