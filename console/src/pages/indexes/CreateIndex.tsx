import { useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import { send } from "../../api/client";
import { LIMITS } from "../../api/limits";
import { fetchModels } from "../../api/models";
import { to } from "../../routes";
import { words } from "../../state/language";
import { toast } from "../../state/toasts";
import { AsCode } from "../../ui/AsCode";
import { Dialog } from "../../ui/Dialog";
import { CheckField, TextField } from "../../ui/Field";
import { FormActions } from "../../ui/FormActions";
import { KindFields } from "../../ui/KindFields";
import { Problem } from "../../ui/Problem";
import { TagsEditor } from "../../ui/TagsEditor";
import { useAction } from "../../ui/useAction";
import { useCall } from "../../ui/useCall";
import { callOf, type Draft, isDense, SORTS, wrongDraft } from "./draft";
import { DenseFields, ModelFields } from "./VectorFields";

const say = words({
  title: { en: "Create an index", ko: "인덱스 만들기" },
  name: { en: "Name", ko: "이름" },
  name_hint: {
    en: "Up to {count} lower-case letters, digits and hyphens, such as support-tickets.",
    ko: "영어 소문자, 숫자, 하이픈으로 {count}자까지. 예: support-tickets",
  },
  name_empty: { en: "An index needs a name.", ko: "인덱스 이름을 입력하세요." },
  name_letters: {
    en: "Only lower-case letters (a to z), digits and hyphens are allowed.",
    ko: "영어 소문자(a–z), 숫자, 하이픈만 쓸 수 있습니다.",
  },
  name_ends: { en: "It begins and ends with a letter or a digit.", ko: "처음과 끝은 영문자나 숫자여야 합니다." },
  name_long: {
    en: "It has {length} characters; at most {count} are allowed.",
    ko: "{length}자입니다. {count}자까지 쓸 수 있습니다.",
  },
  name_taken: { en: "This name is kept for a path of the API.", ko: "API 경로에 쓰이는 이름이라 사용할 수 없습니다." },
  what: { en: "What it holds", ko: "저장할 것" },
  model: { en: "Text", ko: "텍스트" },
  model_what: { en: "A model of this server turns it into vectors.", ko: "이 서버의 모델이 벡터로 바꿉니다." },
  dense: { en: "Vectors of my own", ko: "직접 만든 벡터" },
  dense_what: { en: "Lists of numbers from any model.", ko: "어떤 모델로든 만든 숫자 목록입니다." },
  sparse: { en: "Sparse vectors", ko: "희소 벡터" },
  sparse_what: { en: "Weights of words; searches are exact.", ko: "단어별 가중치입니다. 검색은 항상 정확합니다." },
  how: { en: "How it is searched", ko: "검색 방식" },
  how_about: { en: "It can be changed at any time.", ko: "나중에 언제든 바꿀 수 있습니다." },
  tags: { en: "Tags", ko: "태그" },
  tags_many: { en: "An index has at most {count} tags.", ko: "태그는 {count}개까지 달 수 있습니다." },
  protect: { en: "Protect it from being deleted", ko: "삭제되지 않도록 보호" },
  create: { en: "Create", ko: "만들기" },
  creating: { en: "Creating…", ko: "만드는 중…" },
  correct: { en: "Correct what is marked above, then create it.", ko: "위에 표시된 항목을 고친 뒤 만들어 주세요." },
  created: { en: "Index {name} was created.", ko: "인덱스 {name}을(를) 만들었습니다." },
});

interface Props {
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly onClose: () => void;
  readonly onCreated: () => void;
}

/** The draft is the page's, so that a closed dialog forgets nothing. */
export function CreateIndex({ draft, onDraft, onClose, onCreated }: Props) {
  const { route } = useLocation();
  const models = useCall((signal) => fetchModels("embed", signal), []);
  const [tried, setTried] = useState(false);
  const action = useAction();

  const model = models.answer?.find((model) => model.model === draft.model);
  const wrong = wrongDraft(draft, model);
  const call = callOf(draft, model);
  const change = (changed: Partial<Draft>) => onDraft({ ...draft, ...changed });
  const nameProblem = wrong.name && (tried || draft.name) ? wrong.name : undefined;
  const lengths = { count: LIMITS.indexName, length: draft.name.trim().length };

  const create = async (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrong).length) return focusFirst(event.currentTarget);
    const done = await action.run(async () => void (await send(call)));
    if (!done) return;
    const name = draft.name.trim();
    toast(say("created", { name }));
    onCreated();
    route(to.index(name));
  };

  return (
    <Dialog title={say("title")} onClose={onClose} wide>
      <form class="stack create-index" onSubmit={create} noValidate>
        <TextField
          label={say("name")}
          value={draft.name}
          onInput={(name) => change({ name })}
          hint={say("name_hint", lengths)}
          wrong={nameProblem && say(`name_${nameProblem}`, lengths)}
          autocomplete="off"
          spellcheck={false}
        />
        <fieldset class="stack tight">
          <legend>{say("what")}</legend>
          <div class="choices">
            {SORTS.map((sort) => (
              <label key={sort} class="choice">
                <input type="radio" name="sort" checked={draft.sort === sort} onChange={() => change({ sort })} />
                <span>
                  <strong>{say(sort)}</strong>
                  <span class="soft small">{say(`${sort}_what`)}</span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        {draft.sort === "dense" && (
          <DenseFields draft={draft} problem={wrong.dimension} tried={tried} onChange={change} />
        )}
        {draft.sort === "model" && (
          <ModelFields draft={draft} models={models} model={model} wrong={wrong} tried={tried} onChange={change} />
        )}
        {isDense(draft, model) && (
          <fieldset class="stack tight">
            <legend>{say("how")}</legend>
            <p class="soft small">{say("how_about")}</p>
            <KindFields value={draft.settings} onChange={(settings) => change({ settings })} />
          </fieldset>
        )}
        <fieldset class="stack tight">
          <legend>{say("tags")}</legend>
          <TagsEditor rows={draft.tags} onChange={(tags) => change({ tags })} strict={tried} />
          {wrong.tooMany && <p class="wrong">{say("tags_many", { count: LIMITS.tags })}</p>}
        </fieldset>
        <CheckField
          label={say("protect")}
          checked={draft.isProtected}
          onInput={(isProtected) => change({ isProtected })}
        />
        <AsCode call={call} />
        {action.error !== undefined && <Problem error={action.error} />}
        {tried && Object.keys(wrong).length > 0 && (
          <p class="notice bad" role="alert">
            {say("correct")}
          </p>
        )}
        <FormActions submit={action.busy ? say("creating") : say("create")} disabled={action.busy} onCancel={onClose} />
      </form>
    </Dialog>
  );
}

/** Once the marks are drawn, the first field that is wrong has the focus. */
function focusFirst(form: EventTarget | null): void {
  setTimeout(() => {
    if (form instanceof HTMLFormElement) form.querySelector<HTMLElement>("[aria-invalid]")?.focus();
  });
}
