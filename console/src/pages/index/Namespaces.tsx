import { useState } from "preact/hooks";
import type { Index, Stats } from "../../api/indexes";
import { fetchSizes } from "../../api/namespaces";
import { to } from "../../routes";
import { words } from "../../state/language";
import { useQuery } from "../../state/query";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { type Asked, useCall } from "../../ui/useCall";
import { Waiting } from "../../ui/Waiting";
import { CreateNamespace } from "./CreateNamespace";
import { DeleteNamespace } from "./DeleteNamespace";
import { NamespaceRow } from "./NamespaceRow";

const say = words({
  title: { en: "Namespaces and their contract", ko: "네임스페이스와 재현율 약속" },
  about: {
    en: "Live queries are repeated exactly, a few at random: that is the measured recall. The band is its 95 % interval, the upright line the target.",
    ko: "실제 질의 중 일부를 무작위로 골라 정확 검색으로 다시 확인한 값이 측정 재현율입니다. 띠는 95 % 구간, 세로선은 목표입니다.",
  },
  about_sparse: {
    en: "Searches of sparse vectors are always exact.",
    ko: "희소 벡터 검색은 항상 정확합니다.",
  },
  create: { en: "Create a namespace", ko: "네임스페이스 만들기" },
  none: {
    en: "There is nothing in it yet. The first record makes its namespace.",
    ko: "아직 비어 있습니다. 첫 레코드를 저장하면 네임스페이스가 생깁니다.",
  },
  browse: { en: "Add records", ko: "레코드 추가하기" },
  find: { en: "Find a namespace", ko: "네임스페이스 찾기" },
  more: { en: "Show all {count}", ko: "{count}개 모두 보기" },
  nothing: { en: "No namespace has such a name.", ko: "그런 이름의 네임스페이스가 없습니다." },
  name: { en: "Namespace", ko: "네임스페이스" },
  records: { en: "Records", ko: "레코드" },
  size: { en: "Size, about", ko: "크기(추정)" },
  recall: { en: "Recall", ko: "재현율" },
  interval: { en: "Interval and target", ko: "구간과 목표" },
  effort: { en: "Effort", ko: "탐색량" },
  effort_why: { en: "Work of a search, as a multiple of the usual", ko: "기본값을 1로 한 검색 작업량" },
  checked: { en: "Checked", ko: "확인한 질의" },
  actions: { en: "Actions", ko: "작업" },
});

const FIRST = 50;

interface Props {
  readonly index: Index;
  readonly stats: Asked<Stats>;
  readonly onChanged: () => void;
}

export function Namespaces({ index, stats, onChanged }: Props) {
  const [query, setQuery] = useQuery();
  const [deleting, setDeleting] = useState<string>();
  const all = Object.keys(stats.answer?.namespaces ?? {});
  const records = (name: string) => stats.answer?.namespaces[name]?.vectorCount ?? 0;
  return (
    <Section
      title={say("title")}
      about={index.vector_type === "sparse" ? say("about_sparse") : say("about")}
      actions={
        <button type="button" class="button small" onClick={() => setQuery({ create: "namespace" })}>
          {say("create")}
        </button>
      }
    >
      {stats.error !== undefined && <Problem error={stats.error} again={stats.again} />}
      {!stats.answer && stats.waiting && <Waiting />}
      {stats.answer && all.length === 0 && (
        <p class="soft">
          {say("none")} <a href={to.browse(index.name)}>{say("browse")}</a>
        </p>
      )}
      {stats.answer && all.length > 0 && <Table index={index} stats={stats.answer} onDelete={setDeleting} />}
      {query.create === "namespace" && (
        <CreateNamespace
          index={index.name}
          taken={all}
          onClose={() => setQuery({ create: undefined })}
          onCreated={onChanged}
        />
      )}
      {deleting !== undefined && (
        <DeleteNamespace
          index={index.name}
          name={deleting}
          records={records(deleting)}
          onClose={() => setDeleting(undefined)}
          onDeleted={onChanged}
        />
      )}
    </Section>
  );
}

function Table(props: { index: Index; stats: Stats; onDelete: (name: string) => void }) {
  const { index, stats } = props;
  const [wanted, setWanted] = useState("");
  const [whole, setWhole] = useState(false);
  const sizes = useCall((signal) => fetchSizes(index.name, signal), [index.name, stats]);
  const all = Object.entries(stats.namespaces);
  const found = all.filter(([name]) => name.toLowerCase().includes(wanted.trim().toLowerCase()));
  const shown = whole ? found : found.slice(0, FIRST);
  const metered = all.some(([, { quality }]) => quality && quality.label !== "exact");
  return (
    <>
      {all.length > 8 && (
        <input
          class="input"
          type="search"
          aria-label={say("find")}
          placeholder={say("find")}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      )}
      <div class="scroll">
        <table class="table namespaces">
          <thead>
            <tr>
              <th scope="col">{say("name")}</th>
              <th scope="col" class="number">
                {say("records")}
              </th>
              <th scope="col" class="number">
                {say("size")}
              </th>
              <th scope="col">{say("recall")}</th>
              {metered && (
                <>
                  <th scope="col">{say("interval")}</th>
                  <th scope="col" class="number">
                    <span title={say("effort_why")}>{say("effort")}</span>
                  </th>
                  <th scope="col" class="number">
                    {say("checked")}
                  </th>
                </>
              )}
              <th scope="col">
                <span class="hidden-visually">{say("actions")}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(([name, { vectorCount, quality }]) => (
              <NamespaceRow
                key={name}
                index={index}
                name={name}
                records={vectorCount}
                size={sizes.answer?.get(name)}
                quality={quality}
                metered={metered}
                onDelete={() => props.onDelete(name)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {found.length === 0 && <p class="soft">{say("nothing")}</p>}
      {shown.length < found.length && (
        <div>
          <button type="button" class="button small" onClick={() => setWhole(true)}>
            {say("more", { count: found.length })}
          </button>
        </div>
      )}
    </>
  );
}
