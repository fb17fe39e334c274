import type { DeletionWords } from "../words";
import english from "./en";

const words: DeletionWords = english;
export default words;
