import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { common } from "../speech";

interface Props {
  /** Never anything personal: it becomes the document's title. */
  title: string;
  /** What the heading shows, if it is more than the title. */
  heading?: ComponentChildren;
  back?: { address: string; label: string };
  actions?: ComponentChildren;
  children: ComponentChildren;
}

/** A page: its title, a heading that takes the focus on arrival, and what it holds. */
export function Page({ title, heading, back, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · ${common.peek().product}`;
  }, [title]);
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
      {children}
    </>
  );
}

/** After a change of address the focus goes to the new page's heading, so that a screen reader begins there. */
export function focusHeading(): void {
  requestAnimationFrame(() => document.getElementById("heading")?.focus({ preventScroll: true }));
}

export function Section({ id, title, children, danger }: { id?: string; title: string; children: ComponentChildren; danger?: boolean }) {
  return (
    <section class={danger ? "card danger" : "card"} {...(id ? { id } : {})}>
      <h2>{title}</h2>
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
