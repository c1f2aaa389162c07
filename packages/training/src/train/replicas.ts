import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { on, once } from "node:events";
import { DeadiffError } from "@deadiff/core";
import { readReplica, replicaEnv } from "./env.ts";
import type { Trainer, TrainingState, Weights } from "./trainer.ts";

/**
 * Processes that train one model on batches of their own and average what they have now and then (local SGD, Stich 2019,
 * arXiv:1805.09767): on a CPU, two of one thread do more than one of two threads.
 */
export type Replicas = {
  /** 0 leads: it alone writes checkpoints and logs. */
  readonly index: number;
  /**
   * Replaces weights, averages and moments by their means over all replicas, once all are at this step; says whether to stop, as
   * the leading one decides.
   * @throws DeadiffError `replica_failed` where one has ended, or is at another step
   */
  average(trainer: Trainer, stop: boolean): Promise<boolean>;
  /** Ends the others. */
  close(): void;
};

type Answer = { state: TrainingState; stop: boolean };

/** Starts `count` - 1 processes of this very command; in one of these, joins the process that started it. */
export function openReplicas(count: number): Replicas {
  const index = readReplica();
  return index > 0 ? following(index) : leading(count);
}

function leading(count: number): Replicas {
  const others = Array.from({ length: count - 1 }, (_, i) => {
    const child = fork(process.argv[1] ?? "", process.argv.slice(2), { env: replicaEnv(i + 1), serialization: "advanced" });
    return { child, states: on(child, "message", { close: ["exit"] }) };
  });
  return {
    index: 0,
    async average(trainer, stop) {
      const states = [await trainer.state(), ...await Promise.all(others.map(async ({ states: said }, i) => {
        const { value, done } = await said.next() as IteratorResult<[TrainingState], undefined>;
        const state = done === true ? undefined : value[0];
        if (state?.step !== trainer.step) throw new DeadiffError("replica_failed", `replica ${i + 1} of this run has ended, or is at another step: its own words are above`);
        return state;
      }))];
      const state = meanState(states);
      await Promise.all([trainer.replace(state), ...others.map(({ child }) => send(child, { state, stop }))]);
      return stop;
    },
    close() { for (const { child } of others) child.kill("SIGKILL"); },
  };
}

function following(index: number): Replicas {
  process.once("disconnect", () => process.exit());
  return {
    index,
    async average(trainer) {
      const answer = once(process, "message") as Promise<[Answer]>;
      await send(process, await trainer.state());
      const [{ state, stop }] = await answer;
      await trainer.replace(state);
      return stop;
    },
    close() { process.exit(); },
  };
}

const send = (to: ChildProcess | NodeJS.Process, message: object): Promise<void> => new Promise((resolve, reject) => {
  to.send?.(message, undefined, undefined, (error) => { if (error === null) resolve(); else reject(error); });
});

/** The element-wise mean of states of one step. */
export function meanState(states: readonly TrainingState[]): TrainingState {
  const [first, ...rest] = states;
  if (first === undefined) throw new RangeError("meanState: no state");
  const mean = (kind: "weights" | "m" | "v" | "ema"): Weights => new Map([...first[kind]].map(([name, values]) => {
    const others = rest.map((state) => state[kind].get(name));
    return [name, values.map((value, i) => others.reduce((sum, other) => sum + (other?.[i] ?? NaN), value) / states.length)];
  }));
  return { step: first.step, weights: mean("weights"), m: mean("m"), v: mean("v"), ema: mean("ema") };
}
