import type { ComponentChildren } from "preact";
import { to } from "../../routes";
import { words } from "../../state/language";
import { Page } from "../../ui/Page";

const say = words({
  indexes: { en: "Indexes", ko: "인덱스" },
  overview: { en: "Overview", ko: "개요" },
  browse: { en: "Browse", ko: "레코드" },
  search: { en: "Search", ko: "검색" },
  proof: { en: "Proof", ko: "품질 증명" },
  map: { en: "Map", ko: "지도" },
  views: { en: "Views of this index", ko: "이 인덱스의 화면" },
});

const VIEWS = [
  ["overview", to.index],
  ["browse", to.browse],
  ["search", to.search],
  ["proof", to.proof],
  ["map", to.map],
] as const;

interface Props {
  readonly name: string;
  readonly here: (typeof VIEWS)[number][0];
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page about one index: its name, and the way to its other pages. */
export function IndexPage({ name, here, actions, children }: Props) {
  const crumbs = (
    <p class="crumbs">
      <a href={to.indexes()}>{say("indexes")}</a> /
    </p>
  );
  return (
    <Page title={name} above={crumbs} actions={actions}>
      <nav class="tabs" aria-label={say("views")}>
        {VIEWS.map(([view, path]) => (
          <a key={view} href={path(name)} {...(view === here ? { "aria-current": "page" as const } : {})}>
            {say(view)}
          </a>
        ))}
      </nav>
      {children}
    </Page>
  );
}
