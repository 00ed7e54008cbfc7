import { useState } from "preact/hooks";
import { fetchIndexes, fetchStats, type Index } from "../../api/indexes";
import { to } from "../../routes";
import { number, words } from "../../state/language";
import { Contract } from "../../ui/Contract";
import { Empty } from "../../ui/Empty";
import { Page } from "../../ui/Page";
import { Problem } from "../../ui/Problem";
import { useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";

const say = words({
  title: { en: "Indexes", ko: "인덱스" },
  create: { en: "Create an index", ko: "인덱스 만들기" },
  find: { en: "Find by name", ko: "이름으로 찾기" },
  name: { en: "Name", ko: "이름" },
  records: { en: "Records", ko: "레코드" },
  dimension: { en: "Dimension", ko: "차원" },
  metric: { en: "Metric", ko: "거리 척도" },
  model: { en: "Model", ko: "모델" },
  contract: { en: "Recall", ko: "재현율" },
  sparse: { en: "sparse", ko: "희소" },
  none: { en: "No index yet", ko: "아직 인덱스가 없습니다" },
  begin: {
    en: "Create one here, take the two-minute tour on sample data, or write to this server from your program.",
    ko: "여기서 만들거나, 예제 데이터로 2분 둘러보기를 하거나, 프로그램에서 이 서버에 저장하세요.",
  },
  tour: { en: "Take the tour", ko: "둘러보기 시작" },
  nothing: { en: "No index has such a name.", ko: "그런 이름의 인덱스가 없습니다." },
});

export function Indexes() {
  const indexes = useCall(fetchIndexes, []);
  const [wanted, setWanted] = useState("");
  const shown = (indexes.answer ?? []).filter((index) => index.name.includes(wanted.trim().toLowerCase()));

  return (
    <Page title={say("title")}>
      {indexes.error !== undefined && <Problem error={indexes.error} again={indexes.again} />}
      {!indexes.answer && indexes.waiting && <Waiting />}
      {indexes.answer?.length === 0 && (
        <Empty title={say("none")}>
          <p>{say("begin")}</p>
          <a class="button primary" href={to.tour()}>
            {say("tour")}
          </a>
        </Empty>
      )}
      {indexes.answer && indexes.answer.length > 0 && (
        <>
          <input
            class="input"
            type="search"
            data-main-search
            aria-label={say("find")}
            placeholder={say("find")}
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value)}
          />
          <div class="panel scroll">
            <table class="table">
              <thead>
                <tr>
                  <th>{say("name")}</th>
                  <th class="number">{say("records")}</th>
                  <th class="number">{say("dimension")}</th>
                  <th>{say("metric")}</th>
                  <th>{say("model")}</th>
                  <th>{say("contract")}</th>
                </tr>
              </thead>
              <tbody>
                {shown.map((index) => (
                  <IndexRow key={index.name} index={index} />
                ))}
              </tbody>
            </table>
            {shown.length === 0 && <p class="soft">{say("nothing")}</p>}
          </div>
        </>
      )}
    </Page>
  );
}

function IndexRow({ index }: { index: Index }) {
  const stats = useCall((signal) => fetchStats(index.name, signal), [index.name]);
  const qualities = Object.values(stats.answer?.namespaces ?? {}).flatMap(({ quality }) => quality ?? []);
  const worst = qualities.sort((one, other) => one.recall - other.recall)[0];
  return (
    <tr>
      <td>
        <a href={to.index(index.name)}>{index.name}</a>
      </td>
      <td class="number">{stats.answer ? number(stats.answer.totalVectorCount) : "…"}</td>
      <td class="number">{index.vector_type === "sparse" ? say("sparse") : (index.dimension ?? "–")}</td>
      <td>{index.metric}</td>
      <td>{index.embed?.model ?? "–"}</td>
      <td>{stats.answer ? <Contract quality={worst} /> : "…"}</td>
    </tr>
  );
}
