import { readQueue, type Db, type PlaceInQueue } from "@deadiff/schemas";

/** Where waiting jobs stand, as it was known a moment ago. */
export type QueuePlaces = (db: Db) => Promise<PlaceInQueue>;

/** Looks at the queue at most once per `everyMs`, however many ask. Holds data alone, so that an isolate's requests may share it. */
export const rememberedPlaces = (everyMs = 2000): QueuePlaces => {
  let known: { readonly places: PlaceInQueue; readonly at: number } | undefined;
  return async (db) => {
    if (known !== undefined && performance.now() - known.at < everyMs) return known.places;
    const at = performance.now();
    const before = known;
    // Whoever asks while we look is told what was known.
    if (before !== undefined) known = { ...before, at };
    const places = await readQueue(db);
    known = { places, at };
    return places;
  };
};
