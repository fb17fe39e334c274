/** The words of the pages about parcels. */
import { spoken } from "../../common/speech";
import type english from "./words/en";

export type ParcelsWords = typeof english;

export const words = await spoken<ParcelsWords>({
  en: () => import("./words/en"),
  nl: () => import("./words/nl"),
  es: () => import("./words/es"),
  de: () => import("./words/de"),
  fr: () => import("./words/fr"),
  it: () => import("./words/it"),
});
