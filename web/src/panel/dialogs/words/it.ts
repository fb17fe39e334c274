import type { DialogsWords } from "../words";

const words: DialogsWords = {
  deletion: {
    title: "Eliminare l'account",
    destroyed: "Eliminandolo si distruggono, subito e per sempre:",
    destroyedList: [
      "i dati personali di tutti i pacchi: destinatari, contenuti, documenti, eventi, note",
      "ciò che è scritto nei reclami; quelli aperti vengono ritirati",
      "indirizzi mittente, di risposta, CCN e webhook, e l'addebito diretto",
      "gli accessi e i token di tutti, e un'autorizzazione in corso per l'assistenza",
    ],
    stays: "Che cosa resta: i dati di base dei pacchi (stato, corriere, paese, peso, date), quando è stata concessa un'autorizzazione, e il registro degli accessi, che contiene nomi di campi e mai il loro contenuto.",
    confirm: (company) => `Per confermare, scriva il nome dell'azienda: ${company}`,
    name: "Nome dell'azienda",
    wrong: "Questo non è il nome dell'azienda.",
    final: "Eliminare per sempre",
    done: "L'account è stato eliminato.",
  },
  debit: {
    bic: "BIC (facoltativo)",
    removeTitle: "Rimuovere l'addebito diretto?",
    removeText: "Le fatture non saranno più addebitate su questo conto. Può impostarlo di nuovo quando vuole.",
    removed: "L'addebito diretto è stato rimosso.",
    wrongIban: "Questo non è un IBAN. Controlli che non ci siano errori di battitura.",
    wrongBic: "Questo non è un BIC: ha 8 o 11 lettere e cifre.",
  },
};
export default words;
