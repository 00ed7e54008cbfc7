import { expect, test } from "vitest";
import { parseMetrics } from "../../api/prometheus";
import { families, snapshot } from "./rates";
import { commonLabels, rowsOf } from "./rows";

const look = (at: number, films: number, words: number) =>
  snapshot(
    at,
    parseMetrics(`# TYPE records gauge
records{index_name="films",region="us"} ${films}
records{index_name="words",region="us"} ${words}
# TYPE asked_total counter
asked_total{index_name="films"} ${films}`),
  );

test("a gauge's rows tell their values, a counter's its rate", () => {
  const history = [look(0, 1, 5), look(2000, 7, 5)];
  const [records, asked] = families(history[1]?.samples ?? []);
  if (!records || !asked) throw new Error("the families are missing");
  const rows = rowsOf(history, records);
  expect(rows.map(({ labels, total, course }) => [labels.index_name, total, course])).toEqual([
    ["films", 7, [1, 7]],
    ["words", 5, [5, 5]],
  ]);
  expect(commonLabels(rows)).toEqual(["region"]);
  expect(rowsOf(history, asked).map(({ total, now, course }) => [total, now, course])).toEqual([[7, 3, [null, 3]]]);
});
