import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface Label {
  label: string;
  hint?: ComponentChildren;
  wrong?: string | undefined;
}

function Around({ id, label, hint, wrong, children }: Label & { id: string; children: ComponentChildren }) {
  return (
    <div class={wrong ? "field wrong" : "field"}>
      <label for={id}>{label}</label>
      {children}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {wrong && (
        <p class="error" id={`${id}-wrong`}>
          {wrong}
        </p>
      )}
    </div>
  );
}

function described(id: string, { hint, wrong }: Label): { "aria-describedby"?: string; "aria-invalid"?: true } {
  const parts = [hint && `${id}-hint`, wrong && `${id}-wrong`].filter(Boolean).join(" ");
  return { ...(parts ? { "aria-describedby": parts } : {}), ...(wrong ? { "aria-invalid": true as const } : {}) };
}

export function Input({ label, hint, wrong, ...input }: Label & JSX.IntrinsicElements["input"]) {
  const id = useId();
  const about = { label, hint, wrong };
  return (
    <Around id={id} {...about}>
      <input id={id} autocomplete="off" {...described(id, about)} {...input} />
    </Around>
  );
}

export function TextArea({ label, hint, wrong, ...input }: Label & JSX.IntrinsicElements["textarea"]) {
  const id = useId();
  const about = { label, hint, wrong };
  return (
    <Around id={id} {...about}>
      <textarea id={id} rows={4} {...described(id, about)} {...input} />
    </Around>
  );
}

export function Select({ label, hint, wrong, children, ...select }: Label & JSX.IntrinsicElements["select"]) {
  const id = useId();
  const about = { label, hint, wrong };
  return (
    <Around id={id} {...about}>
      <select id={id} {...described(id, about)} {...select}>
        {children}
      </select>
    </Around>
  );
}

export function Checkbox({ label, hint, ...input }: { label: string; hint?: string } & JSX.IntrinsicElements["input"]) {
  const id = useId();
  return (
    <div class="field check">
      <input {...(input as object)} id={id} type="checkbox" {...(hint ? { "aria-describedby": `${id}-hint` } : {})} />
      <label for={id}>{label}</label>
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
