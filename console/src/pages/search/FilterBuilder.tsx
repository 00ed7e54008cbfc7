import { useState } from "preact/hooks";
import { words } from "../../state/language";
import { TextArea } from "../../ui/Field";

const say = words({
  filter: { en: "Filter (JSON)", ko: "필터 (JSON)" },
  wrong: { en: 'Write a JSON object: {"year": {"$gte": 2000}}', ko: 'JSON 객체로 쓰세요: {"year": {"$gte": 2000}}' },
});

export type Filter = Readonly<Record<string, unknown>>;

interface Props {
  readonly index: string;
  readonly namespace: string;
  readonly value: Filter | undefined;
  readonly onChange: (filter: Filter | undefined) => void;
}

export function FilterBuilder({ value, onChange }: Props) {
  const [text, setText] = useState(value ? JSON.stringify(value) : "");
  const [wrong, setWrong] = useState(false);
  const change = (given: string) => {
    setText(given);
    try {
      const read: unknown = given.trim() ? JSON.parse(given) : undefined;
      const fits = read === undefined || (typeof read === "object" && read !== null && !Array.isArray(read));
      setWrong(!fits);
      if (fits) onChange(read as Filter | undefined);
    } catch {
      setWrong(true);
    }
  };
  return (
    <TextArea
      label={say("filter")}
      value={text}
      onInput={change}
      mono
      rows={2}
      spellcheck={false}
      wrong={wrong ? say("wrong") : undefined}
    />
  );
}
