import { words } from "./words";

const META = document.querySelector<HTMLMetaElement>('meta[name="latchkey-links"]');

/** To what is not ours: the server writes the addresses into the page. One that is empty is not shown. */
export function Links() {
  const say = words.value.login;
  const links = JSON.parse(META?.content || "{}") as { terms?: string; privacy?: string; support?: string };
  return (
    <p class="more">
      {links.terms && <a href={links.terms}>{say.terms}</a>}
      {links.privacy && <a href={links.privacy}>{say.privacy}</a>}
      {links.support && <a href={links.support}>{say.support}</a>}
    </p>
  );
}
