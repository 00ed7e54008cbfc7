/** Asks every question twice, and compares. Pure but for what it asks. */

import type { Call } from "../../api/client";
import { fetchHits, type Plan, query } from "../../api/search";
import type { Filter } from "../../ui/filter/filter";
import { median } from "../../ui/median";
import type { Question } from "./questions";
import { bootstrap, type Interval, type Match, mayFail, overlap } from "./recall";

export interface Answer {
  readonly matches: readonly Match[];
  readonly plan: Plan | undefined;
  /** On the server: all stages of the plan; without one, until the answer was here. */
  readonly milliseconds: number;
}

export interface Outcome {
  readonly question: Question;
  readonly recall: number;
  readonly missed: readonly string[];
  readonly approximate: Answer;
  readonly exact: Answer;
}

export interface Task {
  readonly index: string;
  readonly namespace: string;
  readonly topK: number;
  readonly filter?: Filter | undefined;
}

/** The outcome of one question. turn: every other one is asked exactly first, so that neither always finds warm data. */
export async function ask(task: Task, question: Question, turn: number, signal: AbortSignal): Promise<Outcome> {
  const both: [Answer, Answer] =
    turn % 2 === 0
      ? [await answer(task, question, false, signal), await answer(task, question, true, signal)]
      : ([await answer(task, question, true, signal), await answer(task, question, false, signal)].reverse() as [
          Answer,
          Answer,
        ]);
  const [approximate, exact] = both;
  return { question, ...overlap(approximate.matches, exact.matches), approximate, exact };
}

export function callOf({ index, namespace, topK, filter }: Task, { by, own }: Question, exact: boolean): Call {
  return query(index, {
    namespace,
    topK: own === undefined ? topK : topK + 1, // itself is taken out below
    ...by,
    ...(filter ? { filter } : {}),
    ...(exact ? { exact } : {}),
    explain: true,
  });
}

async function answer(task: Task, question: Question, exact: boolean, signal: AbortSignal): Promise<Answer> {
  const begun = performance.now();
  const { hits, plan } = await fetchHits(callOf(task, question, exact), signal);
  const took = performance.now() - begun;
  const others = hits.filter(({ id }) => id !== question.own).slice(0, task.topK);
  const stages = Object.values(plan?.milliseconds ?? {});
  return { matches: others, plan, milliseconds: stages.length ? stages.reduce((sum, one) => sum + one, 0) : took };
}

export interface Summary {
  readonly count: number;
  readonly recall: Interval;
  /** Queries that found everything. */
  readonly whole: number;
  /** When all did: the share of such queries that may miss something nevertheless. */
  readonly mayFail: number;
  readonly approximate: number;
  readonly exact: number;
  /** How many times as long an exact search takes, in the median. */
  readonly ratio: number;
  /** Queries that were answered exactly although nobody asked for it. */
  readonly exactly: number;
}

export function summary(outcomes: readonly Outcome[]): Summary {
  const recalls = outcomes.map(({ recall }) => recall);
  const approximate = median(outcomes.map((one) => one.approximate.milliseconds));
  const exact = median(outcomes.map((one) => one.exact.milliseconds));
  return {
    count: outcomes.length,
    recall: bootstrap(recalls),
    whole: recalls.filter((recall) => recall === 1).length,
    mayFail: mayFail(outcomes.length),
    approximate,
    exact,
    ratio: exact / approximate,
    exactly: outcomes.filter((one) => one.approximate.plan?.exact).length,
  };
}
