import type { ParcelsWords } from "../words";
import english from "./en";

const words: ParcelsWords = english;
export default words;
