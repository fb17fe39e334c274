import type { SettingsWords } from "../words";
import english from "./en";

const words: SettingsWords = english;
export default words;
