import { words } from "../../state/language";
import type { Wrong } from "./vector";

const say = words({
  empty: { en: "Give something to search for.", ko: "검색할 내용을 입력하세요." },
  shape: {
    en: "This is neither a list of numbers nor JSON of the expected form.",
    ko: "숫자 목록도 아니고, 알맞은 형식의 JSON도 아닙니다.",
  },
  number: { en: "Number {at} is not a number: {text}", ko: "{at}번째 값이 숫자가 아닙니다: {text}" },
  finite: {
    en: "Number {at} is too large for float32, infinite or NaN: {text}",
    ko: "{at}번째 값이 무한대나 NaN이거나 float32로 나타낼 수 없을 만큼 큽니다: {text}",
  },
  pair: { en: "Entry {at} is not index:value: {text}", ko: "{at}번째 항목이 인덱스:값 형식이 아닙니다: {text}" },
  index: {
    en: "Entry {at} has no index from 0 to 4294967295: {text}",
    ko: "{at}번째 항목의 인덱스가 0부터 4294967295까지의 정수가 아닙니다: {text}",
  },
  twice: { en: "Index {text} is given twice.", ko: "인덱스 {text}가 두 번 나옵니다." },
  length: {
    en: { one: "1 number; this index has {wanted}.", other: "{count} numbers; this index has {wanted}." },
    ko: "숫자가 {count}개입니다. 이 인덱스는 {wanted}차원입니다.",
  },
});

/** What is wrong, in words. */
export function tell(wrong: Wrong): string {
  return say(wrong.what, { ...wrong });
}
