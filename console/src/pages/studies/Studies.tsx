import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { words } from "../../state/language";
import { Code } from "../../ui/Code";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { Plots } from "./Plots";
import { MOST_BYTES, type Results, read, type Wrong, withFile } from "./read";
import { StudyPanel } from "./StudyPanel";
import "./studies.css";

const say = words({
  title: { en: "Studies", ko: "실험 결과" },
  open: { en: "Open result files", ko: "결과 파일 열기" },
  drop: {
    en: "or drop them here: results.json of “pinyon study”, tuning.json of “pinyon tune”",
    ko: "또는 여기에 끌어다 놓으세요. “pinyon study”의 results.json, “pinyon tune”의 tuning.json",
  },
  local: {
    en: "Files are read in this browser and sent nowhere.",
    ko: "파일은 이 브라우저에서만 읽고 어디로도 보내지 않습니다.",
  },
  none: { en: "No results are open", ko: "열린 결과가 없습니다" },
  begin: {
    en: "A study measures what the parameters of an index do; tuning finds the cheapest index that keeps a contract. Make results with the command line, then open them here.",
    ko: "study는 인덱스의 매개변수가 어떤 영향을 주는지 측정하고, tune은 약속을 지키는 가장 저렴한 인덱스를 찾습니다. 명령줄에서 결과를 만든 뒤 여기서 여세요.",
  },
  together: { en: "All files together", ko: "모든 파일 비교" },
  large: { en: "it has {megabytes} MB, and 32 are the most.", ko: "{megabytes} MB입니다. 최대 32 MB입니다." },
  json: { en: "it is not JSON: {said}", ko: "JSON이 아닙니다: {said}" },
  foreign: {
    en: "it was not written by “pinyon study” or “pinyon tune”: its format is {said}.",
    ko: "“pinyon study”나 “pinyon tune”이 쓴 파일이 아닙니다. format이 {said}입니다.",
  },
  newer: {
    en: "its format is {said}, which this console does not know: it may be of a newer release.",
    ko: "이 콘솔이 모르는 형식 {said}입니다. 더 새로운 버전의 파일일 수 있습니다.",
  },
  part: { en: "{said} is missing or is not what it should be.", ko: "{said} 항목이 없거나 올바르지 않습니다." },
  unreadable: { en: "it could not be read: {said}", ko: "읽지 못했습니다: {said}" },
  dismiss: { en: "Dismiss", ko: "닫기" },
});

const EXAMPLE = "pinyon study hnsw --out graphs\npinyon tune --index NAME --recall 0.99 --out tuned";

/** What is open stays open while one looks at other pages, and goes with the tab. */
const opened = signal<readonly Results[]>([]);

export function Studies() {
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const [over, setOver] = useState(false);

  const open = async (files: readonly File[]) => {
    const refused: string[] = [];
    for (const file of files) {
      const found = await readFile(file);
      if (typeof found === "string") refused.push(`${file.name}: ${found}`);
      else opened.value = withFile(opened.value, found);
    }
    setWrong(refused);
  };
  const close = (file: string) => {
    opened.value = opened.value.filter((one) => one.file !== file);
  };

  return (
    <Page title={say("title")}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the field inside does the same by keyboard */}
      <div
        class={over ? "panel studies-drop over" : "panel studies-drop"}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          open([...(event.dataTransfer?.files ?? [])]);
        }}
      >
        <label class="button primary">
          {say("open")}
          <input
            class="hidden-visually"
            type="file"
            multiple
            accept=".json,application/json"
            onChange={(event) => {
              const field = event.currentTarget;
              open([...(field.files ?? [])]).then(() => {
                field.value = ""; // the same file may be opened again
              });
            }}
          />
        </label>
        <p>{say("drop")}</p>
        <p class="soft small">{say("local")}</p>
      </div>
      <div aria-live="polite" class="stack tight">
        {wrong.map((text) => (
          <p key={text} class="notice bad data" role="alert">
            {text}
          </p>
        ))}
      </div>
      {opened.value.length === 0 && (
        <Empty title={say("none")}>
          <p>{say("begin")}</p>
          <div class="studies-example">
            <Code text={EXAMPLE} />
          </div>
        </Empty>
      )}
      {opened.value.length > 1 && (
        <section class="panel stack">
          <h2>{say("together")}</h2>
          <Plots all={opened.value} />
        </section>
      )}
      <div class={opened.value.length > 1 ? "studies-beside" : "stack"}>
        {opened.value.map((results) => (
          <StudyPanel key={results.file} results={results} onClose={() => close(results.file)} />
        ))}
      </div>
    </Page>
  );
}

async function readFile(file: File): Promise<Results | string> {
  if (file.size > MOST_BYTES) return say("large", { megabytes: Math.ceil(file.size / 2 ** 20) });
  try {
    const found = read(file.name, await file.text());
    return "problem" in found ? told(found) : found;
  } catch (error) {
    return say("unreadable", { said: error instanceof Error ? error.message : String(error) });
  }
}

function told(wrong: Wrong): string {
  const { problem, ...values } = wrong;
  return say(problem, values);
}
