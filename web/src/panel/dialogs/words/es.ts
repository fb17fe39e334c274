import type { DialogsWords } from "../words";

const words: DialogsWords = {
  deletion: {
    title: "Eliminar la cuenta",
    destroyed: "Al eliminarla se destruye, de inmediato y para siempre:",
    destroyedList: [
      "los datos personales de todos los paquetes: destinatarios, contenido, documentos, eventos, notas",
      "lo escrito en las reclamaciones; las abiertas se retiran",
      "direcciones de remitente, de respuesta, CCO y webhook, y la domiciliación bancaria",
      "los accesos y tokens de todos, y un permiso vigente para Soporte",
    ],
    stays: "Lo que queda: los datos básicos de los paquetes (estado, transportista, país, peso, fechas), cuándo se concedió permiso y el registro de accesos, que contiene nombres de campos y nunca su contenido.",
    confirm: (company) => `Para confirmar, escriba el nombre de la empresa: ${company}`,
    name: "Nombre de la empresa",
    wrong: "Este no es el nombre de la empresa.",
    final: "Eliminar para siempre",
    done: "La cuenta se ha eliminado.",
  },
  debit: {
    bic: "BIC (opcional)",
    removeTitle: "¿Eliminar la domiciliación?",
    removeText: "Las facturas dejarán de cobrarse en esta cuenta. Puede volver a configurarla cuando quiera.",
    removed: "La domiciliación se ha eliminado.",
    wrongIban: "Esto no es un IBAN. Compruebe si hay algún carácter mal escrito.",
    wrongBic: "Esto no es un BIC: tiene 8 u 11 letras y cifras.",
  },
};
export default words;
