import { useState } from "preact/hooks";
import { ErrorBoundary, LocationProvider, lazy, Route, Router } from "preact-iso";
import { Indexes } from "./pages/indexes/Indexes";
import { BASE } from "./routes";
import { Shell } from "./shell/Shell";
import { words } from "./state/language";
import { Empty } from "./ui/Empty";
import { Problem } from "./ui/Problem";

// A page's code is loaded when somebody goes there.
const Overview = lazy(() => import("./pages/index/Overview").then((module) => module.Overview));
const Browse = lazy(() => import("./pages/browse/Browse").then((module) => module.Browse));
const Search = lazy(() => import("./pages/search/Search").then((module) => module.Search));
const Proof = lazy(() => import("./pages/proof/Proof").then((module) => module.Proof));
const MapPage = lazy(() => import("./pages/map/MapPage").then((module) => module.MapPage));
const Backups = lazy(() => import("./pages/backups/Backups").then((module) => module.Backups));
const Ask = lazy(() => import("./pages/ask/Ask").then((module) => module.Ask));
const Studies = lazy(() => import("./pages/studies/Studies").then((module) => module.Studies));
const Operate = lazy(() => import("./pages/operate/Operate").then((module) => module.Operate));
const Tour = lazy(() => import("./pages/tour/Tour").then((module) => module.Tour));

const say = words({
  nowhere: { en: "There is no such page", ko: "없는 페이지입니다" },
  home: { en: "To the indexes", ko: "인덱스로 가기" },
});

export function App() {
  const [broken, setBroken] = useState<unknown>();
  return (
    <LocationProvider scope={BASE}>
      <Shell>
        <ErrorBoundary onError={setBroken}>
          {broken !== undefined && <Problem error={broken} again={() => location.reload()} />}
          <Router onRouteChange={() => setBroken(undefined)}>
            <Route path={BASE} component={Indexes} />
            <Route path={`${BASE}/indexes/:name`} component={Overview} />
            <Route path={`${BASE}/indexes/:name/browse`} component={Browse} />
            <Route path={`${BASE}/indexes/:name/search`} component={Search} />
            <Route path={`${BASE}/indexes/:name/proof`} component={Proof} />
            <Route path={`${BASE}/indexes/:name/map`} component={MapPage} />
            <Route path={`${BASE}/backups`} component={Backups} />
            <Route path={`${BASE}/ask`} component={Ask} />
            <Route path={`${BASE}/ask/:assistant`} component={Ask} />
            <Route path={`${BASE}/studies`} component={Studies} />
            <Route path={`${BASE}/operate`} component={Operate} />
            <Route path={`${BASE}/operate/:section`} component={Operate} />
            <Route path={`${BASE}/tour`} component={Tour} />
            <Route default component={Nowhere} />
          </Router>
        </ErrorBoundary>
      </Shell>
    </LocationProvider>
  );
}

function Nowhere() {
  return (
    <Empty title={say("nowhere")}>
      <p>
        <a href={`${BASE}/`}>{say("home")}</a>
      </p>
    </Empty>
  );
}
