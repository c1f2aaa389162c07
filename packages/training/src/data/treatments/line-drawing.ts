import { z } from "zod";
import { linesOf } from "../pixels/layers.ts";
import { INKS, PAPERS, colourSchema, drawColour } from "../pixels/palette.ts";
import { flat, tint } from "../pixels/picture.ts";
import { between } from "../random.ts";
import { treatment } from "./treatment.ts";

/** The borders of the figure as ink lines on paper, nothing filled. */
export const lineDrawing = treatment({
  params: z.object({ ink: colourSchema, paper: colourSchema, detail: z.number() }),
  draw: (random) => ({
    ink: drawColour(random, [...INKS, "blue", "red", "teal", "purple"]),
    paper: drawColour(random, PAPERS),
    detail: between(random, 0.07, 0.16),
  }),
  words: ({ ink, paper }) => [`line drawing in ${ink.name} ink on ${paper.name} paper`, `${ink.name} line drawing`, `line drawing on ${paper.name} paper`, "line drawing"],
  paint(figure, { ink, paper, detail }, scratch) {
    const canvas = flat(paper.rgb, scratch);
    tint(canvas, ink.rgb, linesOf(figure, detail, scratch), 1);
    return canvas;
  },
});
