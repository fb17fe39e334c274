/** The words of the Support section. */
import { spoken } from "../../common/speech";
import type english from "./words/en";

export type SupportWords = typeof english;

export const words = await spoken<SupportWords>({
  en: () => import("./words/en"),
  nl: () => import("./words/nl"),
  es: () => import("./words/es"),
  de: () => import("./words/de"),
  fr: () => import("./words/fr"),
  it: () => import("./words/it"),
});
