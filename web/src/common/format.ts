/** Dates, numbers and durations as people write them where they are. */
import { locale } from "./language";

function dates(options: Intl.DateTimeFormatOptions, zone?: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat(locale.value, { ...options, ...(zone ? { timeZone: zone } : {}) });
}

export function date(instant: string, zone?: string): string {
  return dates({ dateStyle: "medium" }, zone).format(new Date(instant));
}

export function dateTime(instant: string, zone?: string): string {
  return dates({ dateStyle: "medium", timeStyle: "short" }, zone).format(new Date(instant));
}

export function time(instant: string, zone?: string): string {
  return dates({ timeStyle: "short" }, zone).format(new Date(instant));
}

/** With the zone's name: for an instant that something ends at. */
export function exactly(instant: string, zone?: string): string {
  return dates(
    { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" },
    zone,
  ).format(new Date(instant));
}

export function number(value: number, options: Intl.NumberFormatOptions = {}): string {
  return new Intl.NumberFormat(locale.value, options).format(value);
}

export function money(amount: string, currency: string): string {
  return number(Number(amount), { style: "currency", currency });
}

export function weight(grams: number): string {
  return grams < 1000
    ? number(grams, { style: "unit", unit: "gram" })
    : number(grams / 1000, { style: "unit", unit: "kilogram", maximumFractionDigits: 2 });
}

export function country(code: string): string {
  return new Intl.DisplayNames(locale.value, { type: "region" }).of(code) ?? code;
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** How long is left, in its largest unit and the next: "2 days, 3 hours", "4 minutes, 9 seconds". */
export function remaining(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const first = UNITS.findIndex(([, length]) => seconds >= length);
  const from = first < 0 ? UNITS.length - 1 : first;
  let left = seconds;
  const parts: string[] = [];
  for (const [unit, length] of UNITS.slice(from, from + 2)) {
    const count = Math.floor(left / length);
    left -= count * length;
    if (count > 0 || parts.length === 0) {
      parts.push(number(count, { style: "unit", unit, unitDisplay: "long" }));
    }
  }
  return new Intl.ListFormat(locale.value, { type: "unit", style: "short" }).format(parts);
}

/** "3 hours ago", "yesterday". */
export function ago(instant: string, now: number): string {
  const seconds = Math.round((Date.parse(instant) - now) / 1000);
  const [unit, length] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? UNITS[3];
  return new Intl.RelativeTimeFormat(locale.value, { numeric: "auto" }).format(Math.round(seconds / length), unit);
}
