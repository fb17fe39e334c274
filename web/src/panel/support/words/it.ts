import type { SupportWords } from "../words";
import english from "./en";

const words: SupportWords = english;
export default words;
