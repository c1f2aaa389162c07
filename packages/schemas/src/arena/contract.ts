import { z } from "zod";
import { idSchema } from "../ids.ts";

const contestant = z.object({ picture: idSchema("picture"), url: z.string(), width: z.int(), height: z.int() });

/** Two pictures of one prompt and the same references, made in different ways; which is which is not said. */
export const arenaPairSchema = z
  .object({
    object: z.literal("arena_pair"),
    prompt: z.string(),
    references: z.array(z.object({ url: z.string() })).meta({ description: "The references' pictures, as far as they are still there." }),
    left: contestant,
    right: contestant,
    votes: z.int().meta({ description: "Votes of the account so far." }),
  })
  .meta({ id: "ArenaPair" });

/** See {@link arenaPairSchema}. */
export type ArenaPair = z.infer<typeof arenaPairSchema>;

/** Which of a pair is better. A later vote on the same two replaces the first. */
export const arenaVoteSchema = z.strictObject({ left: idSchema("picture"), right: idSchema("picture"), winner: z.enum(["left", "right", "tie"]) });

const setting = z.record(z.string(), z.unknown()).meta({ description: "Model, sampler, steps and whatever else the arena tells apart." });

/** What a vote reveals: how the two were made. */
export const arenaVerdictSchema = z.object({ object: z.literal("arena_vote"), winner: z.enum(["left", "right", "tie"]), left: setting, right: setting }).meta({ id: "ArenaVote" });

/** See {@link arenaVerdictSchema}. */
export type ArenaVerdict = z.infer<typeof arenaVerdictSchema>;

/** A way of making pictures, with its rating. */
const rankedSchema = z.object({
  setting,
  rating: z.number().meta({ description: "Bradley-Terry strength on Elo's scale: 1000 is the mean, 400 are odds of ten to one." }),
  low: z.number().meta({ description: "Lower end of the 95 % interval." }),
  high: z.number(),
  wins: z.number().meta({ description: "A tie is half a win for each." }),
  comparisons: z.int(),
});

/** The contestants by rating. */
export const arenaRankingSchema = z
  .object({ object: z.literal("arena_ranking"), votes: z.int(), method: z.string(), ranking: z.array(rankedSchema) })
  .meta({ id: "ArenaRanking" });

/** See {@link arenaRankingSchema}. */
export type ArenaRanking = z.infer<typeof arenaRankingSchema>;
