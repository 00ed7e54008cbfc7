import type { Index } from "../../api/indexes";
import type { Model } from "../../api/models";
import { words } from "../../state/language";
import { CheckField, SelectField, TextField } from "../../ui/Field";
import { rerankers } from "./models";
import { FUSIONS, MODES, type Settings, type Tuning, textField } from "./settings";
import { joinsWords } from "./wanted";

const say = words({
  title: { en: "How it searches", ko: "검색 방식" },
  title_a: { en: "Settings of A", ko: "A 설정" },
  title_b: { en: "Settings of B", ko: "B 설정" },
  mode: { en: "Compare by", ko: "비교 기준" },
  usual: { en: "as the index says", ko: "인덱스 설정대로" },
  dense: { en: "meaning", ko: "의미" },
  lexical: { en: "words", ko: "단어" },
  hybrid: { en: "meaning and words", ko: "의미와 단어" },
  fusion: { en: "Join the scores", ko: "점수 결합" },
  adaptive: { en: "adaptive weight", ko: "적응형 가중치" },
  weighted: { en: "fixed weight", ko: "고정 가중치" },
  rrf: { en: "reciprocal ranks", ko: "순위 역수 합(RRF)" },
  weight: { en: "Weight of the words (0 to 1)", ko: "단어의 가중치 (0~1)" },
  alpha: { en: "Weight of the dense vector (0 to 1)", ko: "밀집 벡터의 가중치 (0~1)" },
  exact: { en: "Exact: compare with every record", ko: "정확 검색: 모든 레코드와 비교" },
  effort: { en: "Effort of this search", ko: "이 검색의 탐색량" },
  effortHint: {
    en: "Empty: what the quality contract needs. A setting has an effect only on indexes of its kind.",
    ko: "비워 두면 품질 약속에 필요한 만큼 탐색합니다. 해당하는 종류의 인덱스에만 효과가 있습니다.",
  },
  ef: { en: "ef_search (graphs)", ko: "ef_search (그래프)" },
  nprobe: { en: "nprobe (ivf)", ko: "nprobe (ivf)" },
  depth: { en: "Candidates rescored", ko: "재채점 후보 수" },
  rerank: { en: "Rerank by", ko: "재순위 모델" },
  none: { en: "no reranking", ko: "사용 안 함" },
  rankText: { en: "Text to rerank by", ko: "재순위 기준 텍스트" },
  rankField: { en: "Field that is judged", ko: "평가할 필드" },
});

interface Props {
  readonly index: Index;
  readonly models: readonly Model[];
  readonly settings: Settings;
  readonly onChange: (changed: Partial<Settings>) => void;
  readonly side: "a" | "b";
}

/** What two sides may differ in. */
export function TuningFields({ index, models, settings, onChange, side }: Props) {
  const tuning = settings[side];
  const change = (changed: Partial<Tuning>) => onChange({ [side]: { ...tuning, ...changed } });
  const dense = index.vector_type === "dense";
  const byText = settings.by === "text" && Boolean(index.embed);
  const withWords = byText && joinsWords(tuning);
  const able = rerankers(models);
  const title = settings.compare ? say(`title_${side}`) : say("title");
  return (
    <section class="panel stack tight" aria-label={title}>
      <h2>
        {settings.compare && <span class={`search-letter ${side}`}>{side.toUpperCase()}</span>} {title}
      </h2>
      {byText && <ModeFields tuning={tuning} change={change} dense={dense} />}
      {settings.by === "hybrid" && (
        <TextField
          label={say("alpha")}
          type="number"
          min={0}
          max={1}
          step={0.05}
          placeholder="0.5"
          value={tuning.alpha}
          onInput={(alpha) => change({ alpha })}
        />
      )}
      {dense && (
        <CheckField
          label={say("exact")}
          checked={Boolean(tuning.exact)}
          onInput={(on) => change({ exact: on ? "1" : "" })}
        />
      )}
      {able.length > 0 && (
        <SelectField
          label={say("rerank")}
          value={tuning.rerank}
          options={[["", say("none")], ...able.map(({ model }) => [model, model] as const)]}
          onInput={(rerank) => change({ rerank })}
        />
      )}
      {tuning.rerank && settings.by !== "text" && settings.by !== "hybrid" && (
        <TextField label={say("rankText")} value={settings.text} onInput={(text) => onChange({ text })} />
      )}
      {tuning.rerank && (
        <TextField
          label={say("rankField")}
          placeholder={textField(index)}
          spellcheck={false}
          value={settings.rankField}
          onInput={(rankField) => onChange({ rankField })}
        />
      )}
      {dense && !withWords && !tuning.exact && <EffortFields tuning={tuning} change={change} />}
    </section>
  );
}

interface Part {
  readonly tuning: Tuning;
  readonly change: (changed: Partial<Tuning>) => void;
}

function ModeFields({ tuning, change, dense }: Part & { readonly dense: boolean }) {
  const modes = MODES.filter((mode) => dense || mode !== "hybrid");
  return (
    <>
      <SelectField
        label={say("mode")}
        value={tuning.mode}
        options={[["", say("usual")], ...modes.map((mode) => [mode, say(mode)] as const)]}
        onInput={(mode) => change({ mode })}
      />
      {tuning.mode === "hybrid" && (
        <SelectField
          label={say("fusion")}
          value={tuning.fusion}
          options={[["", say("usual")], ...FUSIONS.map((fusion) => [fusion, say(fusion)] as const)]}
          onInput={(fusion) => change({ fusion })}
        />
      )}
      {tuning.mode === "hybrid" && tuning.fusion === "weighted" && (
        <TextField
          label={say("weight")}
          type="number"
          min={0}
          max={1}
          step={0.05}
          placeholder="0.5"
          value={tuning.weight}
          onInput={(weight) => change({ weight })}
        />
      )}
    </>
  );
}

function EffortFields({ tuning, change }: Part) {
  const given = Boolean(tuning.ef || tuning.nprobe || tuning.depth);
  return (
    <details open={given}>
      <summary>{say("effort")}</summary>
      <div class="stack tight">
        <p class="soft small">{say("effortHint")}</p>
        <TextField label={say("ef")} type="number" min={1} value={tuning.ef} onInput={(ef) => change({ ef })} />
        <TextField
          label={say("nprobe")}
          type="number"
          min={1}
          value={tuning.nprobe}
          onInput={(nprobe) => change({ nprobe })}
        />
        <TextField
          label={say("depth")}
          type="number"
          min={1}
          value={tuning.depth}
          onInput={(depth) => change({ depth })}
        />
      </div>
    </details>
  );
}
