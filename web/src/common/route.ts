/** Where we are: the address, which never holds anything personal. */
import { effect, signal } from "@preact/signals";

export interface Place {
  path: string;
  search: URLSearchParams;
  hash: string;
}

function here(): Place {
  return { path: location.pathname, search: new URLSearchParams(location.search), hash: location.hash };
}

export const place = signal<Place>(here());
addEventListener("popstate", () => {
  place.value = here();
});

/** Go to an address of this app. */
export function go(address: string, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", address);
  place.value = here();
  if (!replace && !location.hash) {
    scrollTo(0, 0);
  }
}

/** The parts of `path` that stand for `:name` in `pattern`, or undefined if it is another. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split("/");
  const given = path.replace(/\/$/, "").split("/");
  if (wanted.length !== given.length) {
    return undefined;
  }
  const parts: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (part.startsWith(":")) {
      parts[part.slice(1)] = decodeURIComponent(value);
    } else if (part !== value) {
      return undefined;
    }
  }
  return parts;
}

/** Links within `addresses`, clicked plainly, change the address without loading a page. */
export function followLinks(addresses: string[]): void {
  const owns = (path: string) => addresses.some((each) => path === each || (each !== "/" && path.startsWith(`${each}/`)));
  document.addEventListener("click", (event) => {
    const link = (event.target as Element).closest("a");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) {
      return;
    }
    if (link.hash && link.pathname === location.pathname && link.search === location.search) {
      return; // within the page: the browser moves the focus too
    }
    if (link.origin === location.origin && owns(link.pathname) && !link.target && !link.hasAttribute("download")) {
      event.preventDefault();
      go(link.pathname + link.search + link.hash);
    }
  });
}

/** Tell when another page is shown. */
export function onArrival(arrived: (place: Place) => void): void {
  let last = place.peek().path;
  effect(() => {
    if (place.value.path !== last) {
      last = place.value.path;
      arrived(place.value);
    }
  });
}
