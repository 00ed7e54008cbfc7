import { useId, useState } from "preact/hooks";
import type { Index } from "../../api/indexes";
import { bytes, number, words } from "../../state/language";
import { TextArea } from "../../ui/Field";

const say = words({
  vector: { en: "Vector", ko: "벡터" },
  hint: {
    en: "{count} numbers, as JSON or with commas or spaces between. Paste them, drop a file here, or",
    ko: "숫자 {count}개를 JSON이나 쉼표 또는 공백으로 구분해 붙여 넣으세요. 파일을 끌어다 놓거나",
  },
  choose: { en: "choose a file", ko: "파일을 선택할 수도 있습니다" },
  large: {
    en: "{name} has {size}; a vector in a file of at most {limit} can be read.",
    ko: "{name} 파일은 {size}입니다. {limit}까지 읽을 수 있습니다.",
  },
  clear: { en: "Clear", ko: "지우기" },
});

const LARGEST = 4 * 1024 * 1024;

interface Props {
  readonly index: Index;
  readonly value: string;
  readonly onVector: (text: string) => void;
  readonly wrong: string | undefined;
}

/** A vector, pasted or from a file. It does not go into the address. */
export function VectorInput({ index, value, onVector, wrong }: Props) {
  const id = useId();
  const [over, setOver] = useState(false);
  const [problem, setProblem] = useState<string>();

  const take = async (file: File | null | undefined) => {
    if (!file) return;
    if (file.size > LARGEST) {
      setProblem(say("large", { name: file.name, size: bytes(file.size), limit: bytes(LARGEST) }));
      return;
    }
    setProblem(undefined);
    onVector(await file.text());
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the file can be chosen by keyboard as well
    <div
      class={over ? "search-drop over" : "search-drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files[0]);
      }}
    >
      <TextArea
        label={say("vector")}
        mono
        rows={3}
        spellcheck={false}
        placeholder="[0.12, -0.4, …]"
        value={value}
        onInput={(text) => {
          setProblem(undefined);
          onVector(text);
        }}
        wrong={problem ?? wrong}
        hint={
          <>
            {say("hint", { count: number(index.dimension ?? 0) })}{" "}
            <label class="search-file" for={`${id}-file`}>
              {say("choose")}
            </label>
            <input
              id={`${id}-file`}
              class="hidden-visually"
              type="file"
              accept=".json,.txt,.csv,application/json,text/plain"
              onChange={(event) => {
                take(event.currentTarget.files?.[0]);
                event.currentTarget.value = "";
              }}
            />
          </>
        }
      />
      {value && (
        <button type="button" class="button quiet small" onClick={() => onVector("")}>
          {say("clear")}
        </button>
      )}
    </div>
  );
}
