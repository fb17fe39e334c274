import type { AccessWords } from "../words";

const words: AccessWords = {
  lead: "Qui au support a vu ou modifié des données personnelles de votre compte. On y lit ce qui a été consulté, jamais ce qui y figurait.",
  agent: "Agent du support",
  basis: "En vertu de",
  any: "Tout",
  consent: "Votre autorisation",
  claim: "Une de vos réclamations",
  from: "Du",
  until: "Au",
  oneParcel: "Seulement sur un colis.",
  allParcels: "Tout afficher",
  none: "Personne au support n'a rien vu ni modifié.",
  noneFound: "Rien trouvé.",
  theParcel: "colis de",
  aParcel: "un colis supprimé",
  theAccount: "votre compte",
  managers: "Le journal des accès est réservé aux propriétaires et administrateurs : il montre ce que le support a fait pour toute l'entreprise.",
  events: (count) => (count === 1 ? "1 entrée" : `${count} entrées`),
  changed: "Modifié",
  saw: "Vu",
  page: "Page",
  request: "Requête",
};
export default words;
