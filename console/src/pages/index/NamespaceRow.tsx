import { DEFAULT_NAMESPACE, type Index, type Quality } from "../../api/indexes";
import { to, withQuery } from "../../routes";
import { bytes, number, percent, words } from "../../state/language";
import { Contract } from "../../ui/Contract";
import { RecallBar } from "./RecallBar";

const say = words({
  usual: { en: "the one of requests that name none", ko: "이름을 지정하지 않은 요청이 쓰는 네임스페이스" },
  browse: { en: "Browse", ko: "둘러보기" },
  browse_it: { en: "Browse {name}", ko: "{name} 둘러보기" },
  search: { en: "Search", ko: "검색" },
  search_it: { en: "Search {name}", ko: "{name} 검색" },
  remove: { en: "Delete", ko: "삭제" },
  remove_it: { en: "Delete namespace {name}", ko: "네임스페이스 {name} 삭제" },
  interval: { en: "{low} – {high}, target {target}", ko: "{low} – {high}, 목표 {target}" },
  target: { en: "target {target}", ko: "목표 {target}" },
  exact: { en: "{share} exact", ko: "{share} 정확 검색" },
});

interface Props {
  readonly index: Index;
  /** As statistics spell it. */
  readonly name: string;
  readonly records: number;
  readonly size: number | undefined;
  readonly quality: Quality | undefined;
  /** Whether the table has the columns of the meter. */
  readonly metered: boolean;
  readonly onDelete: () => void;
}

export function NamespaceRow({ index, name, records, size, quality, metered, onDelete }: Props) {
  const namespace = name === DEFAULT_NAMESPACE ? undefined : name;
  const searched = index.vector_type === "sparse" ? { quality: undefined, records: 0 } : { quality, records };
  return (
    <tr>
      <th scope="row">
        <a class="data" href={withQuery(to.browse(index.name), { namespace })}>
          {name}
        </a>
        {name === DEFAULT_NAMESPACE && <div class="soft small">{say("usual")}</div>}
      </th>
      <td class="number">{number(records)}</td>
      <td class="number">{size === undefined ? "–" : bytes(size)}</td>
      <td>
        <Contract {...searched} />
      </td>
      {metered && <Meter quality={quality} />}
      <td>
        <div class="row ends">
          <a
            class="button small"
            href={withQuery(to.search(index.name), { namespace })}
            aria-label={say("search_it", { name })}
          >
            {say("search")}
          </a>
          <button type="button" class="button small danger" aria-label={say("remove_it", { name })} onClick={onDelete}>
            {say("remove")}
          </button>
        </div>
      </td>
    </tr>
  );
}

function Meter({ quality }: { quality: Quality | undefined }) {
  if (!quality || quality.label === "exact") {
    return (
      <>
        <td>–</td>
        <td class="number">–</td>
        <td class="number">–</td>
      </>
    );
  }
  const { low, high } = quality;
  const target = percent(quality.target, 2);
  return (
    <>
      <td>
        <RecallBar quality={quality} />
        <div class="soft small">
          {low === null || high === null
            ? say("target", { target })
            : say("interval", { low: percent(low, 2), high: percent(high, 2), target })}
        </div>
      </td>
      <td class="number">× {number(quality.effort, 2)}</td>
      <td class="number">
        {number(quality.checked)}
        {quality.checked > 0 && <div class="soft small">{say("exact", { share: percent(quality.exactShare, 0) })}</div>}
      </td>
    </>
  );
}
