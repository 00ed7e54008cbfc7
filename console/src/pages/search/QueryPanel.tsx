import { useRef } from "preact/hooks";
import type { Index } from "../../api/indexes";
import type { Model } from "../../api/models";
import { number, words } from "../../state/language";
import { TextArea, TextField } from "../../ui/Field";
import { FilterBuilder } from "../../ui/filter/FilterBuilder";
import { ImageInput } from "./ImageInput";
import { modelsFor } from "./models";
import { type Settings, type Way, waysOf } from "./settings";
import { VectorInput } from "./VectorInput";
import { type read, readFilter } from "./wanted";
import { tell } from "./wrong";

const say = words({
  ways: { en: "Search by", ko: "검색 방법" },
  text: { en: "Text", ko: "텍스트" },
  vector: { en: "Vector", ko: "벡터" },
  id: { en: "Record", ko: "레코드" },
  sparse: { en: "Sparse", ko: "희소" },
  hybrid: { en: "Dense + sparse", ko: "밀집 + 희소" },
  image: { en: "Image", ko: "이미지" },
  search: { en: "Search", ko: "검색" },
  ask: { en: "What are you looking for?", ko: "무엇을 찾으세요?" },
  query: { en: "Text to search for", ko: "검색할 텍스트" },
  recordId: { en: "Id of a record", ko: "레코드 ID" },
  recordHint: {
    en: "Finds the records nearest to one that is stored.",
    ko: "저장된 레코드와 가장 가까운 레코드를 찾습니다.",
  },
  pairs: { en: "Sparse values", ko: "희소 값" },
  pairsHint: {
    en: 'index:value, as in "17:0.5, 204:1.2", or JSON with indices and values.',
    ko: '"17:0.5, 204:1.2"처럼 인덱스:값으로 쓰거나, indices와 values가 있는 JSON을 쓰세요.',
  },
  hybridHint: {
    en: "Both sides are made from the text, unless you give them yourself.",
    ko: "직접 입력하지 않은 쪽은 텍스트로 만듭니다.",
  },
  noModel: {
    en: "No model here gives {count} numbers, so this index cannot be searched by text. Search by a vector or by a record.",
    ko: "{count}차원 벡터를 만드는 모델이 없어 텍스트로 검색할 수 없습니다. 벡터나 레코드로 검색하세요.",
  },
  image_title: { en: "Search by an image", ko: "이미지로 검색" },
  image_needs: {
    en: "The model of this index reads text only. Make an index with one that gives images and texts vectors of the same space, such as picture-words, and bring the records into it; or embed the image in your program and search by its vector.",
    ko: "이 인덱스의 모델은 텍스트만 읽습니다. picture-words처럼 이미지와 텍스트를 같은 공간의 벡터로 바꾸는 모델로 인덱스를 만들어 레코드를 넣거나, 프로그램에서 이미지를 임베딩한 뒤 그 벡터로 검색하세요.",
  },
});

interface Props {
  readonly index: Index;
  readonly models: readonly Model[];
  readonly settings: Settings;
  readonly onChange: (changed: Partial<Settings>) => void;
  readonly vector: string;
  readonly onVector: (text: string) => void;
  /** A data URL, or "". */
  readonly image: string;
  readonly onImage: (picture: string) => void;
  readonly wanted: ReturnType<typeof read>;
  readonly tried: boolean;
  readonly waiting: boolean;
}

/** What to search by. */
export function QueryPanel(props: Props) {
  const { index, settings, onChange, waiting } = props;
  const panel = useRef<HTMLDivElement>(null);
  return (
    <section class="search-query panel stack tight">
      <div class="tabs" role="tablist" aria-label={say("ways")}>
        {waysOf(index).map((way) => (
          <button
            key={way}
            type="button"
            role="tab"
            aria-selected={way === settings.by}
            onClick={() => onChange({ by: way })}
          >
            {say(way)}
          </button>
        ))}
      </div>
      <div
        ref={panel}
        role="tabpanel"
        aria-label={say(settings.by)}
        class="stack tight"
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey))
            panel.current?.closest("form")?.requestSubmit();
        }}
      >
        <Fields {...props} />
        {settings.by !== "text" && (settings.by !== "image" || sees(props)) && (
          <div class="row">
            <Submit waiting={waiting} />
          </div>
        )}
        {(settings.by !== "image" || sees(props)) && (
          <FilterBuilder
            index={index.name}
            namespace={settings.namespace}
            value={readFilter(settings.filter) ?? undefined}
            onChange={(chosen) => onChange({ filter: chosen ? JSON.stringify(chosen) : "" })}
          />
        )}
      </div>
    </section>
  );
}

function Fields(props: Props) {
  const { settings, onChange } = props;
  const wrong = (where: string, given: string) => told(props, where, given);
  const pairs = (
    <TextArea
      label={say("pairs")}
      hint={say("pairsHint")}
      mono
      rows={2}
      spellcheck={false}
      value={settings.sparse}
      onInput={(sparse) => onChange({ sparse })}
      wrong={wrong("sparse", settings.sparse)}
    />
  );
  const vector = <VectorInput {...props} value={props.vector} wrong={wrong("vector", props.vector)} />;
  const byWay: Record<Way, () => preact.ComponentChildren> = {
    text: () => <TextQuery {...props} button />,
    id: () => (
      <TextField
        label={say("recordId")}
        hint={say("recordHint")}
        mono
        autocomplete="off"
        spellcheck={false}
        value={settings.id}
        onInput={(id) => onChange({ id })}
        wrong={wrong("id", settings.id)}
      />
    ),
    vector: () => vector,
    sparse: () => pairs,
    hybrid: () => (
      <>
        <TextQuery {...props} hint={say("hybridHint")} />
        {vector}
        {pairs}
      </>
    ),
    image: () =>
      sees(props) ? (
        <ImageInput {...props} wrong={wrong("image", props.image)} />
      ) : (
        <div class="notice stack tight">
          <strong>{say("image_title")}</strong>
          <p>{say("image_needs")}</p>
        </div>
      ),
  };
  return <>{byWay[settings.by]()}</>;
}

/** Whether the model of the index takes pictures. */
function sees({ index, models }: Props): boolean {
  return models.some(({ model, modality }) => model === index.embed?.model && modality === "multimodal");
}

function TextQuery(props: Props & { readonly button?: boolean; readonly hint?: string }) {
  const { index, models, settings, onChange, waiting, button = false, hint } = props;
  const wrong = told(props, "text", settings.text);
  const unable = index.vector_type === "dense" && !index.embed && !modelsFor(index, models).length;
  return (
    <>
      <div class="search-line">
        <input
          class="input"
          type="search"
          data-main-search
          aria-label={say("query")}
          aria-invalid={wrong ? "true" : undefined}
          aria-describedby={wrong ? "search-text-wrong" : undefined}
          placeholder={say("ask")}
          autocomplete="off"
          value={settings.text}
          onInput={(event) => onChange({ text: event.currentTarget.value })}
        />
        {button && <Submit waiting={waiting} />}
      </div>
      {hint && <p class="soft small">{hint}</p>}
      {wrong && (
        <p id="search-text-wrong" class="search-wrong">
          {wrong}
        </p>
      )}
      {unable && <p class="notice warn">{say("noModel", { count: number(index.dimension ?? 0) })}</p>}
    </>
  );
}

function Submit({ waiting }: { waiting: boolean }) {
  return (
    <button type="submit" class="button primary" aria-busy={waiting}>
      {waiting && <span class="spinner" aria-hidden="true" />}
      {say("search")}
    </button>
  );
}

/** What is wrong with a field; that it is empty is told once somebody searched. */
function told({ wanted, tried }: Props, where: string, given: string): string | undefined {
  if (!("wrong" in wanted) || wanted.where !== where) return undefined;
  return given.trim() || tried ? tell(wanted.wrong) : undefined;
}
