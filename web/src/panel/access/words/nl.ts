import type { AccessWords } from "../words";

const words: AccessWords = {
  lead: "Wie van support persoonsgegevens van uw account zag of wijzigde. Er staat wat is bekeken, nooit wat er stond.",
  agent: "Medewerker",
  basis: "Op grond van",
  any: "Alle",
  consent: "Uw toestemming",
  claim: "Een claim die u indiende",
  from: "Vanaf",
  until: "Tot en met",
  oneParcel: "Alleen over één pakket.",
  allParcels: "Alles tonen",
  none: "Niemand van support heeft iets gezien of gewijzigd.",
  noneFound: "Niets gevonden.",
  theParcel: "pakket van",
  aParcel: "een verwijderd pakket",
  theAccount: "uw account",
  managers: "Het inzagelogboek is voor een eigenaar of beheerder: het toont wat support voor iedereen in het bedrijf deed.",
  events: (count) => (count === 1 ? "1 vermelding" : `${count} vermeldingen`),
  changed: "Gewijzigd",
  saw: "Gezien",
  page: "Pagina",
  request: "Verzoek",
};
export default words;
