import { words } from "../../state/language";
import { faultText } from "../../ui/filter/check";
import type { ReadJson } from "./metadata";

const say = words({
  object: { en: "metadata is an object: { … }.", ko: "메타데이터는 객체입니다: { … }" },
  twiceJson: { en: "the name {name} stands here twice.", ko: "같은 이름이 두 번 나옵니다: {name}" },
  dollar: { en: "names must not begin with $.", ko: "이름은 $로 시작할 수 없습니다." },
  nested: {
    en: "{name} holds an object. Store nested data as fields of their own.",
    ko: "중첩된 데이터는 필드를 나누어 저장하세요. 값이 객체인 필드: {name}",
  },
  strings: {
    en: "{name} is a list, and lists hold texts only.",
    ko: "목록에는 문자열만 담을 수 있습니다: {name}",
  },
  null: {
    en: "{name} is null, which is not stored. Take the field out.",
    ko: "null은 저장되지 않습니다. 필드를 지우세요: {name}",
  },
  finite: { en: "{name} is beyond the range of numbers.", ko: "숫자의 범위를 벗어났습니다: {name}" },
});

/** What is wrong with the JSON of metadata, in words. */
export function jsonProblem({ what, name }: NonNullable<ReadJson["problem"]>): string {
  switch (what) {
    case "object":
    case "twiceJson":
    case "dollar":
    case "nested":
    case "strings":
    case "null":
    case "finite":
      return say(what, { name });
    default:
      return faultText(what);
  }
}
