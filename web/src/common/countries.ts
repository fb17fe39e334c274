/** The countries there are, as the browser names them where we are. */
import { locale } from "./language";

// Intl knows regions that are no countries of ISO 3166-1: exceptional reservations, unions, and its own tests.
const NONE = "AC CP CQ DG EA EU EZ IC QO TA UN XA XB ZZ";
const LETTERS = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** Code and name, by name. */
export function countries(): [string, string][] {
  const names = new Intl.DisplayNames(locale.value, { type: "region", fallback: "none" });
  const found: [string, string][] = [];
  for (const code of LETTERS.flatMap((first) => LETTERS.map((second) => first + second))) {
    const name = !NONE.includes(code) && new Intl.Locale(`und-${code}`).region === code ? names.of(code) : undefined;
    if (name) {
      found.push([code, name]);
    }
  }
  return found.sort(([, one], [, other]) => one.localeCompare(other, locale.value));
}
