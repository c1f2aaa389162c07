import { newId } from "@deadiff/schemas";
import { expect, test } from "vitest";
import { ringTogether, type Bell } from "../src/ports/bells.ts";

const bells = (n: number): Bell[] => Array.from({ length: n }, () => ({ jobId: newId("job"), traceparent: "" }));

test("the first bell is rung at once, those that come meanwhile in the next round, none twice; a round that fails ends nothing", async () => {
  const rounds: (PromiseWithResolvers<undefined> & { readonly bells: readonly Bell[] })[] = [];
  const ring = ringTogether((round) => {
    const made = { ...Promise.withResolvers<undefined>(), bells: round };
    rounds.push(made);
    return made.promise;
  });
  const [first, second, third, fourth] = [bells(1), bells(2), bells(1), bells(1)];
  const all = [ring(first), ring(second), ring(third)];
  expect(rounds.map((round) => round.bells)).toEqual([first]);
  rounds[0]?.resolve(undefined);
  await expect.poll(() => rounds.length).toBe(2);
  expect(rounds[1]?.bells).toEqual([...second, ...third]);
  rounds[1]?.reject(new Error("the queue is away"));
  expect((await Promise.allSettled(all)).map(({ status }) => status)).toContain("rejected");
  void ring(fourth);
  expect(rounds[2]?.bells).toEqual(fourth);
});
