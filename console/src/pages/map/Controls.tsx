import type { FieldInfo } from "../../api/fields";
import { METHODS } from "../../api/map";
import { number, words } from "../../state/language";
import { SelectField } from "../../ui/Field";
import { FilterBuilder } from "../../ui/filter/FilterBuilder";
import type { Filter } from "../../ui/filter/filter";
import { LIMITS, type Settings, UMAP_POINTS } from "./settings";

const say = words({
  namespace: { en: "Namespace", ko: "네임스페이스" },
  usual: { en: "(default)", ko: "(기본)" },
  colour: { en: "Colour by", ko: "색 기준" },
  none: { en: "one colour", ko: "한 가지 색" },
  method: { en: "Places by", ko: "배치 방법" },
  pca: { en: "PCA, at once", ko: "PCA (바로)" },
  umap: { en: "UMAP, about a minute", ko: "UMAP (1분쯤)" },
  points: { en: "Points at most", ko: "최대 점 수" },
  filter: { en: "Filter", ko: "필터" },
  filtered: { en: "Filter (in use)", ko: "필터 (적용 중)" },
});

// A field may have any name, so the choice of none needs one that no option of a field can have.
const NONE = "none";
const FIELD = "field:";

interface Props {
  readonly index: string;
  readonly namespaces: readonly string[];
  readonly fields: readonly FieldInfo[];
  readonly settings: Settings;
  /** The field in use. */
  readonly colour: string | undefined;
  readonly onChange: (changed: Readonly<Record<string, string | undefined>>) => void;
}

/** What is shown, and how: everything that asks the server anew. */
export function Controls({ index, namespaces, fields, settings, colour, onChange }: Props) {
  const { namespace, filter, limit, method } = settings;
  const known = fields.map(({ name }) => name);
  const names = colour !== undefined && !known.includes(colour) ? [colour, ...known] : known;
  const spaces = namespaces.includes(namespace) ? namespaces : [namespace, ...namespaces];
  const anew = { view: undefined, record: undefined, off: undefined };
  return (
    <div class="stack tight">
      <div class="map-controls">
        <SelectField
          label={say("namespace")}
          value={namespace}
          options={spaces.map((name) => [name, name || say("usual")] as const)}
          onInput={(namespace) => onChange({ ...anew, namespace, filter: undefined, colour: undefined })}
        />
        <SelectField
          label={say("colour")}
          value={colour === undefined ? NONE : FIELD + colour}
          options={[[NONE, say("none")], ...names.map((name) => [FIELD + name, name] as const)]}
          onInput={(chosen) =>
            onChange(
              chosen === NONE
                ? { colour: undefined, plain: "1", off: undefined }
                : { colour: chosen.slice(FIELD.length), plain: undefined, off: undefined },
            )
          }
        />
        <SelectField
          label={say("method")}
          value={method}
          options={METHODS.map((method) => [method, say(method)] as const)}
          onInput={(method) =>
            onChange({
              view: undefined,
              method: method === "pca" ? undefined : method,
              ...(method === "umap" && limit > UMAP_POINTS ? { points: String(UMAP_POINTS) } : {}),
            })
          }
        />
        <SelectField
          label={say("points")}
          value={String(limit)}
          options={LIMITS.map((limit) => [String(limit), number(limit)] as const)}
          onInput={(limit) => onChange({ view: undefined, points: limit })}
        />
      </div>
      <details class="map-filter" open={filter !== undefined}>
        <summary>{filter ? say("filtered") : say("filter")}</summary>
        <FilterBuilder
          index={index}
          namespace={namespace}
          value={filter}
          onChange={(filter: Filter | undefined) => onChange({ ...anew, filter: filter && JSON.stringify(filter) })}
        />
      </details>
    </div>
  );
}
