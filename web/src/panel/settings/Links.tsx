import { links } from "../../common/links";
import { words } from "./words";

/** To what is not ours: the server writes the addresses into the page. One that is empty is not shown. */
export function Links() {
  const say = words.value.login;
  return (
    <p class="more">
      {links.terms && <a href={links.terms}>{say.terms}</a>}
      {links.privacy && <a href={links.privacy}>{say.privacy}</a>}
      {links.support && <a href={links.support}>{say.support}</a>}
    </p>
  );
}
