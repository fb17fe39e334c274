import type { AccessWords } from "../words";
import english from "./en";

const words: AccessWords = english;
export default words;
