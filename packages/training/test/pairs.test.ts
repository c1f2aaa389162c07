import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from "vitest";
import { pairAt, viewOf, type Pair, type Part, type Scene, type View } from "../src/index.ts";
import { makeFixture } from "./fixture.ts";

const DRAWS = 3000;
const PARTS = ["train", "newPictures", "newTreatments", "newHands"] as const satisfies readonly Part[];

let fixture: Awaited<ReturnType<typeof makeFixture>>;
beforeAll(async () => {
  fixture = await makeFixture(64, 3);
});
afterAll(() => fixture.remove());

function draw<P extends Part>(view: View<P>, options = {}): Pair<P>[] {
  return Array.from({ length: DRAWS }, (_, n) => pairAt(view, 11, n, options));
}

describe("pairs", () => {
  it("never mix the parts of the split", () => {
    const { split } = fixture.dataset;
    const isNew = ({ cell, style }: Scene) => ({
      newHands: split.heldOutHands.includes(cell.hand),
      newPictures: split.heldOutPictures.includes(cell.picture),
      newTreatments: split.heldOutTreatments.includes(style.treatment),
    });
    for (const part of PARTS) {
      for (const { reference, target } of draw(viewOf(fixture.dataset, part))) {
        for (const scene of [reference, target]) {
          expect(scene.style.hand).toBe(scene.cell.hand);
          expect(isNew(scene)).toEqual({ newHands: part === "newHands", newPictures: part === "newPictures", newTreatments: part === "newTreatments" });
        }
      }
    }
  });

  it("of one part cannot be given to code that takes another", () => {
    expectTypeOf<View<"newHands">>().not.toExtend<View<"train">>();
    expectTypeOf<Pair<"everything">>().not.toExtend<Pair<"train">>();
  });

  it("hold out a tenth of the drawings of the trained hands", () => {
    const { split, pictures } = fixture.dataset;
    const trained = pictures.filter(({ hand }) => !split.heldOutHands.includes(hand)).length;
    expect(split.heldOutPictures.length / trained).toBeGreaterThan(0.03);
    expect(split.heldOutPictures.length / trained).toBeLessThan(0.2);
  });

  it("are a pure function of seed and number, in any order", () => {
    const view = viewOf(fixture.dataset, "train");
    const forward = draw(view);
    for (const n of [2999, 0, 1234, 7]) expect(pairAt(view, 11, n)).toEqual(forward[n]);
    expect(pairAt(view, 12, 7)).not.toEqual(forward[7]);
    expect(pairAt(view, 11, 7 + 2 ** 32)).not.toEqual(forward[7]);
  });

  it("share the style and not the subject in stre", () => {
    for (const { reference, target } of draw(viewOf(fixture.dataset, "train"), { tasks: ["stre"] })) {
      expect(target.style).toEqual(reference.style);
      expect(target.cell.subject.hexcode).not.toBe(reference.cell.subject.hexcode);
    }
  });

  it("share the subject and not the style in sere", () => {
    for (const { reference, target } of draw(viewOf(fixture.dataset, "train"), { tasks: ["sere"] })) {
      expect(target.cell.subject).toBe(reference.cell.subject);
      expect([target.style.hand, target.style.treatment]).not.toEqual([reference.style.hand, reference.style.treatment]);
    }
  });

  it("are one scene in reconstruction", () => {
    for (const { reference, target } of draw(viewOf(fixture.dataset, "train"), { tasks: ["reconstruction"] })) expect(target).toBe(reference);
  });

  it("draw the three tasks equally often and plain most often", () => {
    const pairs = draw(viewOf(fixture.dataset, "train"));
    for (const task of ["stre", "sere", "reconstruction"]) {
      expect(pairs.filter((pair) => pair.task === task).length / DRAWS).toBeCloseTo(1 / 3, 1);
    }
    const counts = Map.groupBy(pairs, ({ target }) => target.style.treatment);
    const plain = counts.get("plain")!.length;
    for (const [treatment, { length }] of counts) if (treatment !== "plain") expect(length * 3).toBeLessThan(plain);
  });

  it("keep to the start list and to chosen treatments when asked", () => {
    expect(() => viewOf(fixture.dataset, "train", { subjects: "start" })).toThrow(/view|pairs need/);
    const view = viewOf(fixture.dataset, "train", { treatments: ["plain", "neon", "sepia"] });
    expect(view.treatments).toEqual(["plain", "neon"]);
  });
});
