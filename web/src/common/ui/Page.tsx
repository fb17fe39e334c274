import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { place } from "../route";
import { common } from "../speech";

interface Props {
  /** Never anything personal: it becomes the document's title. */
  title: string;
  /** What the heading shows, if it is more than the title. */
  heading?: ComponentChildren;
  back?: { address: string; label: string };
  /** Pages beside this one. */
  beside?: { address: string; label: string }[];
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A page: its title, a heading that takes the focus on arrival, and what it holds. */
export function Page({ title, heading, back, beside, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · ${common.peek().product}`;
  }, [title]);
  useEffect(() => {
    if (arriving && !place.peek().hash) {
      document.getElementById("heading")?.focus({ preventScroll: true });
    }
    arriving = false;
  }, [place.value.path]);
  return (
    <>
      <header class="page-head">
        <div>
          {back && (
            <a class="back" href={back.address}>
              ← {back.label}
            </a>
          )}
          <h1 id="heading" tabIndex={-1}>
            {heading ?? title}
          </h1>
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {beside && (
        <nav class="tabs" aria-label={title}>
          {beside.map(({ address, label }) => (
            <a key={address} href={address} aria-current={place.value.path === address ? "page" : undefined}>
              {label}
            </a>
          ))}
        </nav>
      )}
      {children}
    </>
  );
}

let arriving = false;

/** Another page is coming: the focus goes to its heading as soon as there is one, so that a screen reader begins there. */
export function focusHeading(): void {
  arriving = true;
}

interface SectionProps {
  /** One with an id is where an address with that hash leads: it is scrolled to and takes the focus. */
  id?: string;
  title: string;
  /** Beside the title: in which state it is. */
  state?: ComponentChildren;
  danger?: boolean;
  children: ComponentChildren;
}

export function Section({ id, title, state, danger, children }: SectionProps) {
  const section = useRef<HTMLElement>(null);
  const wanted = id !== undefined && place.value.hash === `#${id}`;
  useEffect(() => {
    if (wanted) {
      section.current?.scrollIntoView();
      section.current?.focus({ preventScroll: true });
    }
  }, [wanted]);
  return (
    <section ref={section} class={danger ? "card danger" : "card"} {...(id ? { id, tabIndex: -1 } : {})}>
      <h2>
        {title} {state}
      </h2>
      {children}
    </section>
  );
}

/** Names and values, side by side where there is room. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}

export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
