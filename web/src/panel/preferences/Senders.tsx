import { countries } from "../../common/countries";
import { Action } from "../../common/ui/Action";
import { Input, Select } from "../../common/ui/Field";
import { Empty } from "../../common/ui/Notice";
import { words as panel } from "../words";
import { NO_SENDER, PARTS, type Sender } from "./senders";
import { words } from "./words";

interface Props {
  senders: Sender[];
  onChange: (senders: Sender[]) => void;
  /** The part that the server found wrong in one of them. */
  wrong?: string | undefined;
}

export function Senders({ senders, onChange, wrong }: Props) {
  const { common } = panel.value;
  const text = words.value;
  const put = (index: number, part: keyof Sender, value: string) =>
    onChange(senders.map((each, place) => (place === index ? { ...each, [part]: value } : each)));
  return (
    <>
      {senders.length === 0 && <Empty>{text.noSenders}</Empty>}
      {senders.map((sender, index) => (
        <fieldset key={index}>
          <legend>{text.sender(index + 1)}</legend>
          <div class="form">
            {PARTS.map((part) => {
              const about = {
                label: part === "contactName" ? text.contact : common.parcel[part],
                value: sender[part],
                wrong: wrong === `senderAddresses.${part}` && sender[part] ? common.checkThis : undefined,
                onInput: (event: { currentTarget: { value: string } }) => put(index, part, event.currentTarget.value),
              };
              return part === "country" ? (
                <Select key={part} {...about}>
                  <option value="">–</option>
                  {countries().map(([code, name]) => (
                    <option key={code} value={code}>
                      {name}
                    </option>
                  ))}
                </Select>
              ) : (
                <Input key={part} maxLength={255} {...about} />
              );
            })}
          </div>
          <Action kind="quiet" onClick={() => onChange(senders.filter((_, place) => place !== index))}>
            {text.remove}
          </Action>
        </fieldset>
      ))}
      <Action onClick={() => onChange([...senders, NO_SENDER])}>{text.add}</Action>
    </>
  );
}
