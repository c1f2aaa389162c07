import { z } from "zod";
import { BLACK, WHITE, lightnessOf, mixed } from "../pixels/colour.ts";
import { halo } from "../pixels/halo.ts";
import { inkFor } from "../pixels/ink.ts";
import { BRIGHTS, PAPERS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, lay, smoothstep, tint } from "../pixels/picture.ts";
import type { Plane, Scratch } from "../pixels/scratch.ts";
import { wave } from "../pixels/wave.ts";
import { between, pick } from "../random.ts";
import { treatment } from "./treatment.ts";

const KINDS = ["striped", "dotted", "checked"] as const;

/** The figure on a ground of stripes, dots or checks in two shades of one colour. */
export const pattern = treatment({
  params: z.object({ kind: z.enum(KINDS), ground: colourSchema, pitch: z.number(), angle: z.number(), depth: z.number() }),
  draw: (random) => ({
    kind: pick(random, KINDS),
    ground: drawColour(random, [...PAPERS, ...BRIGHTS]),
    pitch: between(random, 8, 13),
    angle: between(random, 0.5, 1.1),
    depth: between(random, 0.16, 0.26),
  }),
  words: ({ kind, ground }) => [`on a ${kind} ${ground.name} background`, `${kind} ${ground.name} background`, `${kind} background`],
  ink: ({ ground }) => inkFor(ground.rgb),
  paint(figure, { kind, ground, pitch, angle, depth }, scratch) {
    const canvas = flat(ground.rgb, scratch);
    const other = lightnessOf(ground.rgb) > 0.9 ? mixed(ground.rgb, BLACK, 0.6) : WHITE;
    tint(canvas, other, patternPlane(kind, pitch * scratch.unit, angle, scratch), depth * (other === WHITE ? 1.6 : 1));
    halo(canvas, ground.rgb, figure.a, 0.65, scratch);
    lay(figure, canvas);
    return canvas;
  },
});

function patternPlane(kind: (typeof KINDS)[number], pitch: number, angle: number, scratch: Scratch): Plane {
  const out = scratch.plane();
  const { size } = scratch;
  const dx = Math.cos(angle) / pitch;
  const dy = Math.sin(angle) / pitch;
  const soft = 1.5 / pitch;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const u = wave(x * dx + y * dy);
      const v = wave(y * dx - x * dy);
      out[y * size + x] = mark(kind, u, v, soft);
    }
  }
  return out;
}

function mark(kind: (typeof KINDS)[number], u: number, v: number, soft: number): number {
  switch (kind) {
    case "striped":
      return smoothstep(0.75 - soft, 0.75 + soft, u);
    case "dotted":
      return smoothstep(1.35 - soft, 1.35 + soft, u + v);
    case "checked": {
      const a = smoothstep(0.75 - soft, 0.75 + soft, u);
      const b = smoothstep(0.75 - soft, 0.75 + soft, v);
      return a + b - 2 * a * b;
    }
  }
}
