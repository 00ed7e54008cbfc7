import { useEffect } from "preact/hooks";
import { useRoute } from "preact-iso";
import { fetchIndex, fetchStats, type Index, type Stats } from "../../api/indexes";
import { uses } from "../../api/programs";
import { words } from "../../state/language";
import { key } from "../../state/session";
import { CodeTabs } from "../../ui/Code";
import { Problem } from "../../ui/Problem";
import { Section } from "../../ui/Section";
import { type Asked, useCall } from "../../ui/useCall";
import { useRepeat } from "../../ui/useRepeat";
import { Waiting } from "../../ui/Waiting";
import { DeleteIndex } from "./DeleteIndex";
import { Facts } from "./Facts";
import { Gone, isGone } from "./Gone";
import { Imports } from "./Imports";
import { IndexBackups } from "./IndexBackups";
import { IndexPage } from "./IndexPage";
import { Namespaces } from "./Namespaces";
import { Settings } from "./Settings";
import "./overview.css";

const say = words({
  making: {
    en: "This index is being made. Its records are on their way, and the page goes on by itself.",
    ko: "인덱스를 만들고 있습니다. 레코드를 옮기는 중이며, 끝나면 화면이 바뀝니다.",
  },
  failed: {
    en: "This index could not be made. Delete it to use the name again; the server's log says what was wrong.",
    ko: "인덱스를 만들지 못했습니다. 삭제하면 이름을 다시 쓸 수 있습니다. 원인은 서버 로그에 있습니다.",
  },
  use: { en: "Use it in five lines", ko: "다섯 줄로 사용하기" },
});

export function Overview() {
  const { name = "" } = useRoute().params;
  return <View key={name} name={name} />;
}

function View({ name }: { name: string }) {
  const index = useCall((signal) => fetchIndex(name, signal), [name]);
  const ready = index.answer?.status.ready ?? false;
  useRepeat(index.answer?.status.state === "Initializing", 1.5, index.again);
  useReturn(index.again);

  return (
    <IndexPage name={name} here="overview">
      {isGone(index.error) ? (
        <Gone name={name} />
      ) : (
        <>
          {index.error !== undefined && <Problem error={index.error} again={index.again} />}
          {!index.answer && index.waiting && <Waiting />}
          {index.answer && !ready && <Making index={index.answer} onChanged={index.again} />}
          {index.answer && ready && <Whole index={index.answer} onChanged={index.again} />}
        </>
      )}
    </IndexPage>
  );
}

/** Somebody who comes back to this tab sees what others did meanwhile. */
function useReturn(again: () => void) {
  useEffect(() => {
    const look = () => {
      if (!document.hidden) again();
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [again]);
}

interface Props {
  readonly index: Index;
  readonly onChanged: () => void;
}

function Making({ index, onChanged }: Props) {
  const failed = index.status.state !== "Initializing";
  return (
    <div class="stack">
      <p class={failed ? "notice bad" : "notice warn"} role="status">
        {failed ? say("failed") : say("making")}
      </p>
      <Facts index={index} stats={undefined} />
      <DeleteIndex index={index} onChanged={onChanged} />
    </div>
  );
}

function Whole({ index, onChanged }: Props) {
  const stats: Asked<Stats> = useCall((signal) => fetchStats(index.name, signal), [index.name]);
  const changed = () => {
    stats.again();
    onChanged();
  };
  // The index went between the two requests: the page asks again, and says that it is gone.
  const lost = isGone(stats.error);
  useEffect(() => {
    if (lost) onChanged();
  }, [lost, onChanged]);

  return (
    <div class="stack">
      <Facts index={index} stats={stats.answer} />
      <Namespaces index={index} stats={stats} onChanged={changed} />
      <Section title={say("use")}>
        <CodeTabs texts={uses(index, { origin: location.origin, withKey: key.value !== "" })} />
      </Section>
      <div class="halves">
        <Settings index={index} onChanged={changed} />
        <div class="stack">
          <IndexBackups index={index} />
          <Imports index={index} onImported={stats.again} />
          <DeleteIndex index={index} onChanged={onChanged} />
        </div>
      </div>
    </div>
  );
}
