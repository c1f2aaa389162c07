import { join } from "node:path";
import type { HostImage } from "@deadiff/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeFixture } from "../../test/fixture.ts";
import type { Scene } from "../data/pairs.ts";
import type { Look } from "../judge/open-judge.ts";
import { openBench } from "./bench.ts";
import type { Courtroom } from "./bench.ts";
import { claimsOf } from "./claims.ts";
import type { Leak } from "./claims.ts";
import { keepStyles } from "./keep-styles.ts";
import { frechetDistance, principalProjection } from "./frechet.ts";
import { scorePicture } from "./score.ts";
import { styleName } from "./styles.ts";
import { paintPictures } from "./paint.ts";
import { drawUnits, HELD_OUT } from "./units.ts";

let fixture: Awaited<ReturnType<typeof makeFixture>>;
beforeAll(async () => {
  fixture = await makeFixture(64, 3);
});
afterAll(() => fixture.remove());

const units = () => drawUnits(fixture.dataset, { seed: 5, count: 24, task: "stre", trained: { treatments: ["plain", "neon", "duotone", "badge"] } });
const oneHot = (length: number, i: number): Float32Array => Float32Array.from({ length }, (_, j) => (j === i ? 1 : 0));
const keyOf = ({ data }: HostImage): string => Buffer.from(data).toString("base64");

describe("units", () => {
  test("ask for pictures that training never saw, a third each by what is new", () => {
    const { split } = fixture.dataset;
    type Drawn = Pick<Scene, "cell" | "style">;
    const isNew = {
      newHands: ({ cell }: Drawn) => split.heldOutHands.includes(cell.hand),
      newPictures: ({ cell }: Drawn) => split.heldOutPictures.includes(cell.picture),
      newTreatments: ({ style }: Drawn) => split.heldOutTreatments.includes(style.treatment),
    };
    const drawn = units();
    for (const part of HELD_OUT) expect(drawn.filter((unit) => unit.part === part)).toHaveLength(8);
    for (const { part, reference, target, alike, prompt } of drawn) {
      for (const scene of [reference, target, ...alike]) expect(isNew[part](scene)).toBe(true);
      for (const scene of [target, ...alike]) expect(scene.style).toEqual(reference.style);
      expect(new Set([reference, target, ...alike].map(({ cell }) => cell.subject.name)).size).toBe(2 + alike.length);
      expect(target.cell.subject.phrases).toContain(prompt);
    }
    expect(units()).toEqual(drawn);
  });
});

describe("a bench under a judge that is always right", () => {
  /** Sees style and subject of each known picture; its features are the two together. */
  async function openRoom() {
    const { dataset } = fixture;
    // The fixture draws each shape thrice: references and targets that look like another subject are left out.
    const all = units();
    const subjectsOf = Map.groupBy(all.flatMap(({ reference, target, alike }) => [reference, target, ...alike]), (scene) => keyOf(paintPictures(dataset.pixels, [scene])[0]!));
    const clear = (scene: Pick<Scene, "cell" | "style">) => new Set(subjectsOf.get(keyOf(paintPictures(dataset.pixels, [scene])[0]!))?.map(({ cell }) => cell.subject.name)).size === 1;
    const drawn = all.filter(({ reference, target }) => [reference, target].every(clear));
    expect(drawn.length).toBeGreaterThan(12);
    const scenes = drawn.flatMap(({ reference, target, alike }) => [reference, target, ...alike]);
    const styles = [...new Set(scenes.map(({ style }) => styleName(style)))];
    const subjects = dataset.subjects.map(({ hexcode }) => hexcode);
    const seen = new Map(paintPictures(dataset.pixels, scenes).map((picture, i): [string, Look] => {
      const scene = scenes[i]!;
      const style = oneHot(styles.length, styles.indexOf(styleName(scene.style))), subject = oneHot(subjects.length, subjects.indexOf(scene.cell.subject.hexcode));
      return [keyOf(picture), { style, subject, features: Float32Array.of(...style.slice(0, 4), ...subject.slice(0, 4)) }];
    }));
    const room: Courtroom = {
      judge: { look: (pictures) => Promise.resolve(pictures.map((picture) => seen.get(keyOf(picture))!)) },
      candidates: { styles: styles.map((_, i) => oneHot(styles.length, i)), names: subjects.map((_, i) => oneHot(subjects.length, i)) },
      styles: new Map(styles.map((name, i) => [name, i])), subjects: new Map(subjects.map((hexcode, i) => [hexcode, i])),
      project: (features) => features,
    };
    return openBench(dataset, room, drawn, "stre");
  }

  test("real pictures score the ceiling", async () => {
    const bench = await openRoom();
    const { row } = await bench.score("real", bench.targets);
    for (const score of ["styleCosine", "styleTop1", "textCosine", "textTop1", "textTop5"] as const) expect(row.scores[score].mean).toBeCloseTo(1, 6);
    expect(row.scores.leak.mean).toBe(0);
    expect(row.distance).toBeLessThan(0.2);
  });

  test("a copied reference has all of the style, none of the text, and leaks", async () => {
    const bench = await openRoom();
    const { row } = await bench.score("copied", bench.references);
    expect(row.scores.styleTop1.mean).toBe(1);
    expect(row.scores.textTop1.mean).toBe(0);
    expect(row.scores.leak.mean).toBe(1);
    expect(row.scores.leakCosine.mean).toBeCloseTo(1, 6);
  });
});

test("the style index that is kept is the one that was made, and is made once", async () => {
  const index = { names: ["noto plain", "noto neon"], centres: [Float32Array.of(1, 0), Float32Array.of(0, 1)], features: [Float32Array.of(1, 2, 3)] };
  const path = join(fixture.folder, "kept/styles.safetensors");
  expect(await keepStyles(path, () => Promise.resolve(index))).toEqual(index);
  expect(await keepStyles(path, () => Promise.reject(new Error("made twice")))).toEqual(index);
});

describe("scores", () => {
  test("are those of hand-made embeddings", () => {
    const candidates = { styles: [[1, 0], [0, 1]], names: [[1, 0, 0], [0, 1, 0], [0, 0, 1]] };
    const look = { style: Float32Array.of(0.6, 0.8), subject: Float32Array.of(0, 0.8, 0.6) };
    const score = scorePicture(look, { referenceStyle: [0, 1], style: 1, centre: [0, 1], subject: 2, leaking: 1 }, candidates);
    expect(score).toMatchObject({ styleTop1: 1, textTop1: 0, textTop5: 1, leak: 1 });
    expect(score.styleCosine).toBeCloseTo(0.8, 6);
    expect(score.textCosine).toBeCloseTo(0.6, 6);
    expect(score.leakCosine).toBeCloseTo(0.8, 6);
    // The wanted style stands in its own place: there, what lies nearer is no style of its own.
    expect(scorePicture(look, { referenceStyle: [0, 1], style: 0, centre: [0.6, 0.8], subject: 2, leaking: 1 }, candidates).styleTop1).toBe(1);
    // Where the prompt asks for the reference's own subject, finding it is no leak.
    expect(scorePicture(look, { referenceStyle: [0, 1], style: 0, centre: [1, 0], subject: 1, leaking: 1 }, candidates)).toMatchObject({ styleTop1: 0, textTop1: 1, leak: 0 });
  });

  test("the Fréchet distance is the one worked out by hand", () => {
    const cross = [[1, 0], [-1, 0], [0, 1], [0, -1]];
    expect(frechetDistance(cross, cross)).toBeCloseTo(0, 9);
    // A move by (3, 4) alone.
    expect(frechetDistance(cross, cross.map(([x, y]) => [x! + 3, y! + 4]))).toBeCloseTo(25, 9);
    // Twice as wide: covariances C and 4 C with C = 2/3 of the identity, tr(C + 4 C - 2 (2 C)) = tr(C) = 4/3.
    expect(frechetDistance(cross, cross.map(([x, y]) => [2 * x!, 2 * y!]))).toBeCloseTo(4 / 3, 9);
    expect(() => frechetDistance([[1]], [[1], [2]])).toThrow(RangeError);
  });

  test("the principal projection keeps the direction that varies most", () => {
    const rows = [[-2, 0.1], [2, -0.1], [-4, 0], [4, 0]];
    const projected = rows.map(principalProjection(rows, 1));
    expect(Math.abs(projected[3]![0]!)).toBeCloseTo(4, 2);
    expect(projected[0]).toHaveLength(1);
  });

  test("goals are held to the rows they are about", () => {
    const row = (name: string, textTop1: number, styleTop1: number, leak: number) => {
      const e = (mean: number) => ({ mean, low: mean, high: mean });
      return { name, count: 9, distance: null, scores: { styleCosine: e(0), styleTop1: e(styleTop1), textCosine: e(0), textTop1: e(textTop1), textTop5: e(0), leak: e(leak), leakCosine: e(0) } };
    };
    const rows = { real: row("real", 0.8, 0.9, 0), textOnly: row("text", 0.5, 0.02, 0), deadiff: row("deadiff", 0.47, 0.3, 0.02), leaks: [{ name: "recon", shares: { deadiff: 0.02, other: 0.01 }, share: { mean: 0.01, low: -0.01, high: 0.03 }, cosine: { mean: -0.1, low: -0.15, high: -0.05 } }] };
    expect(claimsOf(rows).map(({ met }) => met)).toEqual([true, true, true, true]);
    expect(claimsOf({ ...rows, deadiff: row("deadiff", 0.3, 0.08, 0.4) }).map(({ met }) => met)).toEqual([true, false, false, true]);
    const met = (leak: Partial<Leak>) => claimsOf({ ...rows, leaks: rows.leaks.map((other) => ({ ...other, ...leak })) })[3]?.met;
    expect(met({ cosine: { mean: -0.1, low: -0.21, high: 0.01 } })).toBe(false);
    expect(met({ share: { mean: 0.1, low: 0.05, high: 0.15 } })).toBe(false);
    expect(claimsOf({ ...rows, leaks: [] })).toHaveLength(3);
  });
});
