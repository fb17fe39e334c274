import type { ComponentChildren } from "preact";
import { place } from "../route";
import { viewer } from "../session";
import { signOut } from "../signing";
import { connection } from "../socket";
import { common } from "../speech";
import { Action, useDoing } from "./Action";
import { Languages } from "./Languages";
import { Help } from "./Notice";
import { Announcer } from "./say";

export interface NavItem {
  address: string;
  label: string;
  /** The addresses below which this is where we are; its own, unless given. */
  below?: string;
  /** Only here, and not below. */
  exactly?: boolean;
}

interface Props {
  home: string;
  nav: NavItem[];
  /** Beside the product's name: whose house this is. */
  where: string;
  /** What is said when the connection is lost. */
  lost: string;
  /** What stands in it, made anew each time: Preact keeps what it drew from a node that is drawn twice, and with it what a page showed long ago. */
  children: () => ComponentChildren;
}

/** What stands around every page. */
export function Shell({ home, nav, where, lost, children }: Props) {
  const words = common.value;
  const { busy, failure, run } = useDoing();
  return (
    <>
      <a class="skip" href="#content">
        {words.skipToContent}
      </a>
      <header class="top">
        <a class="brand" href={home}>
          {words.product} <span>{where}</span>
        </a>
        <nav aria-label={words.menu}>
          {nav.map(({ address, label, below, exactly }) => (
            <a key={address} href={address} aria-current={isHere(below ?? address, exactly) ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
        <div class="who">
          <span>{viewer.value?.name}</span>
          <Languages />
          <Action kind="quiet" busy={busy.value} onClick={() => run(signOut)}>
            {words.signOut}
          </Action>
        </div>
      </header>
      {connection.value === "lost" && (
        <div class="strip warning" role="alert">
          {lost}
        </div>
      )}
      <main id="content" tabIndex={-1}>
        {failure.value && <Help failure={failure.value} />}
        {children()}
      </main>
      <Announcer />
    </>
  );
}

function isHere(below: string, exactly = false): boolean {
  const { path } = place.value;
  return path === below || (!exactly && path.startsWith(`${below}/`));
}
