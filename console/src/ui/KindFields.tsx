import {
  KINDS,
  type Kind,
  PARAMETERS,
  type ParameterName,
  parametersOf,
  type Settings,
  wrongSettings,
} from "../api/kinds";
import { number, words } from "../state/language";
import { SelectField, TextField } from "./Field";

const say = words({
  kind: { en: "Search structure", ko: "검색 구조" },
  recall: { en: "Recall target", ko: "재현율 목표" },
  recall_hint: {
    en: "The share of the true 10 nearest records that searches must find. Usually 0.99.",
    ko: "실제 최근접 10개 중 검색이 찾아야 하는 비율입니다. 보통 0.99입니다.",
  },
  recall_wrong: { en: "A number above 0 and up to 1, such as 0.99.", ko: "0보다 크고 1 이하인 수를 쓰세요. 예: 0.99" },
  range: { en: "A whole number from {least} to {most}.", ko: "{least}부터 {most}까지의 정수를 쓰세요." },
  above: {
    en: "No more than nlist, which is all of the clusters.",
    ko: "전체 클러스터 수인 nlist보다 클 수 없습니다.",
  },
  chosen: { en: "chosen by size and recall", ko: "크기와 재현율에 맞춰 자동 선택" },
  usual: { en: "usually {value}", ko: "보통 {value}" },
  auto: { en: "auto: chosen for you", ko: "auto: 자동 선택" },
  flat: { en: "flat: every record", ko: "flat: 모든 레코드 비교" },
  scan: { en: "scan: codes of all records", ko: "scan: 모든 레코드의 압축 코드" },
  hnsw: { en: "hnsw: a graph", ko: "hnsw: 그래프" },
  ivf: { en: "ivf: clusters", ko: "ivf: 클러스터" },
  symqg: { en: "symqg: a faster graph", ko: "symqg: 더 빠른 그래프" },
  auto_what: {
    en: "Chosen by the number of records and the recall target, and changed as the index grows. Right for most.",
    ko: "레코드 수와 재현율 목표에 맞춰 고르고, 인덱스가 커지면 바꿉니다. 대부분 이것이 알맞습니다.",
  },
  flat_what: {
    en: "Every search scores every record. Always exact; its time grows with the number of records.",
    ko: "검색할 때마다 모든 레코드의 점수를 계산합니다. 항상 정확하며, 시간은 레코드 수에 비례합니다.",
  },
  scan_what: {
    en: "Short codes of all records are read, then the best candidates are compared with their stored vectors.",
    ko: "모든 레코드의 짧은 코드를 훑은 뒤, 가장 좋은 후보를 저장된 벡터와 비교합니다.",
  },
  hnsw_what: {
    en: "Searches walk along links between near records. Fast for large indexes; building it takes time and memory.",
    ko: "가까운 레코드 사이의 연결을 따라가며 찾습니다. 큰 인덱스에서 빠르지만, 만드는 데 시간과 메모리가 듭니다.",
  },
  ivf_what: {
    en: "Records lie in clusters, and a search reads only those that may hold a better one. Light on memory.",
    ko: "레코드를 클러스터로 나누고, 더 나은 결과가 있을 만한 클러스터만 읽습니다. 메모리를 적게 씁니다.",
  },
  symqg_what: {
    en: "A graph whose links carry codes of their ends: the fastest. The server needs the extra “symqg”.",
    ko: "연결마다 상대의 코드를 함께 담은 그래프로, 가장 빠릅니다. 서버에 추가 패키지 “symqg”가 필요합니다.",
  },
  m: { en: "Links of a record (m)", ko: "레코드당 연결 수 (m)" },
  degree: { en: "Links of a record (degree)", ko: "레코드당 연결 수 (degree)" },
  ef_construction: { en: "Width while building (ef_construction)", ko: "구축 폭 (ef_construction)" },
  ef_search: { en: "Width while searching (ef_search)", ko: "검색 폭 (ef_search)" },
  nlist: { en: "Clusters (nlist)", ko: "클러스터 수 (nlist)" },
  nprobe: { en: "Clusters that a search reads (nprobe)", ko: "검색이 읽는 클러스터 수 (nprobe)" },
  codes: { en: "How records are kept (codes)", ko: "레코드 저장 방식 (codes)" },
});

interface Props {
  readonly value: Settings;
  readonly onChange: (value: Settings) => void;
}

/** How an index is searched: a kind, what it can be told, and the recall that it must reach. */
export function KindFields({ value, onChange }: Props) {
  const wrong = wrongSettings(value);
  const change = (name: ParameterName, text: string) =>
    onChange({ ...value, parameters: { ...value.parameters, [name]: text } });
  return (
    <div class="stack">
      <div class="columns">
        <SelectField
          label={say("kind")}
          value={value.kind}
          options={KINDS.map((kind) => [kind, say(kind)] as const)}
          onInput={(kind) => onChange({ ...value, kind: kind as Kind, parameters: {} })}
          hint={say(`${value.kind}_what`)}
        />
        <TextField
          label={say("recall")}
          value={value.recall}
          placeholder="0.99"
          autocomplete="off"
          onInput={(recall) => onChange({ ...value, recall })}
          hint={say("recall_hint")}
          wrong={wrong.recall && say("recall_wrong")}
        />
      </div>
      {parametersOf(value.kind).length > 0 && (
        <div class="columns">
          {parametersOf(value.kind).map(([name]) => (
            <Parameter
              key={name}
              kind={value.kind}
              name={name}
              value={value.parameters[name] ?? ""}
              problem={wrong[name]}
              onInput={(text) => change(name, text)}
            />
          ))}
        </div>
      )}
    </div>
  );
}

function Parameter(props: {
  kind: Kind;
  name: ParameterName;
  value: string;
  problem: "range" | "choice" | "above" | undefined;
  onInput: (text: string) => void;
}) {
  const known = PARAMETERS[props.kind][props.name];
  if (!known) return null;
  const usual = known.usual ? say("usual", { value: known.usual }) : say("chosen");
  if (known.choices) {
    const options = [["", usual] as const, ...known.choices.map((choice) => [choice, choice] as const)];
    return <SelectField label={say(props.name)} value={props.value} options={options} onInput={props.onInput} />;
  }
  const { least, most } = known;
  const wrong = props.problem === "above" ? say("above") : props.problem && say("range", { least, most });
  return (
    <TextField
      label={say(props.name)}
      value={props.value}
      placeholder={usual}
      autocomplete="off"
      onInput={props.onInput}
      hint={`${number(least)} – ${number(most)}`}
      wrong={wrong}
    />
  );
}
