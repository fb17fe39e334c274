import { choose, LANGUAGES, type Language, language } from "../language";
import { common } from "../speech";

export function Languages() {
  return (
    <label class="languages">
      <span class="for-listeners">{common.value.language}</span>
      <select value={language.value} onChange={(event) => choose(event.currentTarget.value as Language)}>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
