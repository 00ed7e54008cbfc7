import { readSlowQueries } from "../../api/server";
import { words } from "../../state/language";
import { AsCode } from "../../ui/AsCode";
import { SlowQueries } from "../../ui/SlowQueries";

const say = words({
  about: {
    en: "Queries that took longer than the setting slow_query_ms, newest first, with how they were searched and what would help.",
    ko: "slow_query_ms 설정보다 오래 걸린 질의를 최근 것부터 표시합니다. 어떻게 검색했는지와 개선 방법을 함께 보여줍니다.",
  },
});

const LIMIT = 100;

export function Slow() {
  return (
    <div class="stack">
      <p class="soft">{say("about")}</p>
      <SlowQueries limit={LIMIT} />
      <AsCode call={readSlowQueries(LIMIT)} />
    </div>
  );
}
