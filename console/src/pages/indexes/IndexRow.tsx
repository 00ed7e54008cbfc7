import { fetchStats, type Index, type Quality } from "../../api/indexes";
import { TAG } from "../../api/kinds";
import { to } from "../../routes";
import { number, words } from "../../state/language";
import { Contract } from "../../ui/Contract";
import { Copy } from "../../ui/Copy";
import { useCall } from "../../ui/useCall";
import { IndexState } from "./IndexState";

const say = words({
  sparse: { en: "sparse", ko: "희소" },
  protected: { en: "protected", ko: "삭제 보호" },
  host: { en: "Copy host", ko: "호스트 복사" },
  unknown: { en: "unknown", ko: "알 수 없음" },
});

export function IndexRow({ index }: { index: Index }) {
  const { ready } = index.status;
  const stats = useCall(
    async (signal) => (ready ? await fetchStats(index.name, signal) : undefined),
    [index.name, ready],
  );
  const waiting = !stats.answer && stats.waiting;
  const blank = waiting ? "…" : <span title={say("unknown")}>–</span>;
  const namespaces = Object.values(stats.answer?.namespaces ?? {});
  const worst = namespaces.reduce<Quality | undefined>(
    (worst, { quality }) => (quality && (!worst || quality.recall < worst.recall) ? quality : worst),
    undefined,
  );
  const largest = namespaces.reduce((most, { vectorCount }) => Math.max(most, vectorCount), 0);
  const dimension = index.vector_type === "sparse" ? say("sparse") : number(index.dimension ?? 0);
  return (
    <tr>
      <th scope="row">
        <div class="index-name">
          <a href={to.index(index.name)}>{index.name}</a>
          {!ready && <IndexState index={index} />}
          {index.deletion_protection === "enabled" && <span class="badge">{say("protected")}</span>}
        </div>
        <div class="index-about">
          <span class="soft small cramped">
            {dimension} · {index.metric}
          </span>
          {index.embed && <span class="soft small data">{index.embed.model}</span>}
          {Object.entries(index.tags ?? {}).map(([key, value]) => (
            <span key={key} class={key === TAG ? "badge mono" : "badge"}>
              <bdi>{key === TAG ? value : `${key}: ${value}`}</bdi>
            </span>
          ))}
        </div>
      </th>
      <td class="number">{stats.answer ? number(stats.answer.totalVectorCount) : blank}</td>
      <td class="number roomy">{dimension}</td>
      <td class="roomy">{index.metric}</td>
      <td>{stats.answer ? <Contract quality={worst} records={largest} /> : blank}</td>
      <td class="roomy">
        <div class="index-host">
          <code class="small">{index.host}</code>
          <Copy text={index.host} label={say("host")} />
        </div>
      </td>
    </tr>
  );
}
