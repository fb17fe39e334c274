import type { AccessWords } from "../words";

const words: AccessWords = {
  lead: "Chi dell'assistenza ha visto o modificato dati personali del Suo account. Dice che cosa è stato guardato, mai che cosa c'era scritto.",
  agent: "Agente di assistenza",
  basis: "In base a",
  any: "Tutto",
  consent: "La Sua autorizzazione",
  claim: "Un Suo reclamo",
  from: "Dal",
  until: "Al",
  oneParcel: "Solo su un pacco.",
  allParcels: "Mostrare tutto",
  none: "Nessuno dell'assistenza ha visto o modificato nulla.",
  noneFound: "Nessun risultato.",
  theParcel: "pacco di",
  aParcel: "un pacco eliminato",
  theAccount: "il Suo account",
  managers: "Il registro degli accessi è per proprietari e amministratori: mostra ciò che l'assistenza ha fatto per tutti nell'azienda.",
  events: (count) => (count === 1 ? "1 voce" : `${count} voci`),
  changed: "Modificato",
  saw: "Visto",
  page: "Pagina",
  request: "Richiesta",
};
export default words;
