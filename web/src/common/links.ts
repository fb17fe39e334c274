/** What the server writes into the page: the same for everybody, and nothing of anybody. */
interface Links {
  terms?: string;
  privacy?: string;
  support?: string;
  passwords?: boolean;
  agents?: string;
  merchants?: string;
}

const META = document.querySelector<HTMLMetaElement>('meta[name="latchkey-links"]');

export const links = JSON.parse(META?.content || "{}") as Links;
