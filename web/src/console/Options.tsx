import { Select } from "../common/ui/Field";

export function Options({ name, label, of, words }: { name: string; label: string; of: string[]; words: Record<string, string> }) {
  return (
    <Select name={name} label={label}>
      {of.map((each) => (
        <option key={each} value={each}>
          {words[each]}
        </option>
      ))}
    </Select>
  );
}
