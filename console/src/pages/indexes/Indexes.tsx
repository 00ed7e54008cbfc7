import { useState } from "preact/hooks";
import { fetchIndexes, type Index } from "../../api/indexes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { useRepeat } from "../../ui/useRepeat";
import { Waiting } from "../../ui/Waiting";
import { Begin } from "./Begin";
import { CreateIndex } from "./CreateIndex";
import { type Draft, EMPTY } from "./draft";
import { IndexRow } from "./IndexRow";
import "./indexes.css";

const say = words({
  title: { en: "Indexes", ko: "인덱스" },
  create: { en: "Create an index", ko: "인덱스 만들기" },
  find: { en: "Find by name, model or tag", ko: "이름, 모델, 태그로 찾기" },
  count: { en: { one: "1 index", other: "{count} indexes" }, ko: "인덱스 {count}개" },
  some: { en: "{shown} of {count} indexes", ko: "인덱스 {count}개 중 {shown}개" },
  name: { en: "Name", ko: "이름" },
  records: { en: "Records", ko: "레코드" },
  dimension: { en: "Dimension", ko: "차원" },
  metric: { en: "Metric", ko: "거리 척도" },
  contract: { en: "Recall", ko: "재현율" },
  host: { en: "Host", ko: "호스트" },
  nothing: { en: "No index is like that.", ko: "조건에 맞는 인덱스가 없습니다." },
});

export function Indexes() {
  const indexes = useCall(fetchIndexes, []);
  const [query, setQuery] = useQuery();
  const [draft, setDraft] = useState<Draft>(EMPTY);
  useRepeat(Boolean(indexes.answer?.some((index) => index.status.state === "Initializing")), 2, indexes.again);

  const all = indexes.answer ?? [];
  const create = () => setQuery({ create: "1" });
  return (
    <Page
      title={say("title")}
      actions={
        <button type="button" class="button primary" onClick={create}>
          {say("create")}
        </button>
      }
    >
      {indexes.error !== undefined && <Problem error={indexes.error} again={indexes.again} />}
      {!indexes.answer && indexes.waiting && <Waiting />}
      {indexes.answer?.length === 0 && <Begin onCreate={create} />}
      {all.length > 0 && <List all={all} wanted={query.find ?? ""} onWanted={(find) => setQuery({ find })} />}
      {query.create && (
        <CreateIndex
          draft={draft}
          onDraft={setDraft}
          onClose={() => setQuery({ create: undefined })}
          onCreated={() => setDraft(EMPTY)}
        />
      )}
    </Page>
  );
}

function List(props: { all: readonly Index[]; wanted: string; onWanted: (text: string) => void }) {
  const { all, wanted } = props;
  const shown = all.filter((index) => isLike(index, wanted));
  const count = all.length;
  return (
    <>
      <div class="row">
        <input
          class="input grow"
          type="search"
          data-main-search
          aria-label={say("find")}
          placeholder={say("find")}
          value={wanted}
          onInput={(event) => props.onWanted(event.currentTarget.value)}
        />
        <span class="soft small" aria-live="polite">
          {shown.length === count ? say("count", { count }) : say("some", { shown: shown.length, count })}
        </span>
      </div>
      <div class="panel scroll">
        <table class="table indexes">
          <thead>
            <tr>
              <th scope="col">{say("name")}</th>
              <th scope="col" class="number">
                {say("records")}
              </th>
              <th scope="col" class="number roomy">
                {say("dimension")}
              </th>
              <th scope="col" class="roomy">
                {say("metric")}
              </th>
              <th scope="col">{say("contract")}</th>
              <th scope="col" class="roomy">
                {say("host")}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((index) => (
              <IndexRow key={index.name} index={index} />
            ))}
          </tbody>
        </table>
        {shown.length === 0 && <p class="soft nothing">{say("nothing")}</p>}
      </div>
    </>
  );
}

/** Whether every word stands in its name, its model or its tags. */
function isLike(index: Index, wanted: string): boolean {
  const tags = Object.entries(index.tags ?? {}).flat();
  const text = [index.name, index.embed?.model ?? "", index.metric, ...tags].join(" ").toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
