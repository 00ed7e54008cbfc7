import { BASE, to } from "../routes";
import { words } from "../state/language";

const say = words({
  indexes: { en: "Indexes", ko: "인덱스" },
  ask: { en: "Ask", ko: "질문하기" },
  studies: { en: "Studies", ko: "실험 결과" },
  backups: { en: "Backups", ko: "백업" },
  operate: { en: "Operate", ko: "운영" },
  tour: { en: "Two-minute tour", ko: "2분 둘러보기" },
});

export const NAVIGATION = [
  { key: "indexes", path: to.indexes(), below: `${BASE}/indexes` },
  { key: "ask", path: to.ask(), below: to.ask() },
  { key: "studies", path: to.studies(), below: to.studies() },
  { key: "backups", path: to.backups(), below: to.backups() },
  { key: "operate", path: to.operate(), below: to.operate() },
  { key: "tour", path: to.tour(), below: to.tour() },
] as const;

export function titleOf(key: (typeof NAVIGATION)[number]["key"]): string {
  return say(key);
}
