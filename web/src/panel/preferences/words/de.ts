import type { PreferencesWords } from "../words";
import english from "./en";

const words: PreferencesWords = english;
export default words;
