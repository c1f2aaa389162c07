import { z } from "zod";
import { ApiError } from "./errors.ts";

/** What every list takes: how many, and where the page before ended. */
export const pageInputSchema = z.object({
  limit: z.int().min(1).max(100).default(20),
  cursor: z.string().max(200).optional().meta({ description: "`next_cursor` of the page before." }),
});

/** One page of a list, newest first. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), next_cursor: z.string().nullable(), has_more: z.boolean() });

/** A page of `Item`s. */
export interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
  has_more: boolean;
}

/** Where a page ends: the sort keys of its last row. */
export interface Position {
  readonly at: string;
  readonly id: string;
}

const positionSchema = z.tuple([z.iso.datetime({ offset: true, local: true }), z.string().regex(/^[a-z]+_[0-9a-z]{26}$/)]);

/** Reads a cursor; `undefined` gives `null` (the first page). Throws `invalid_input` for one that this API did not make. */
export const readCursor = (cursor: string | undefined): Position | null => {
  if (cursor === undefined) return null;
  try {
    const [at, id] = positionSchema.parse(JSON.parse(atob(cursor.replaceAll("-", "+").replaceAll("_", "/"))));
    return { at, id };
  } catch (cause) {
    throw new ApiError("invalid_input", "The cursor is not one that this API gave out.", { cause });
  }
};

const writeCursor = (position: Position): string =>
  btoa(JSON.stringify([position.at, position.id])).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Cuts `limit + 1` rows to a page: the extra row only tells that there are more. */
export const toPage = <Row, Item>(found: readonly Row[], limit: number, position: (row: Row) => Position, present: (row: Row) => Item): Page<Item> => {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const more = found.length > limit && last !== undefined;
  return { data: shown.map(present), next_cursor: more ? writeCursor(position(last)) : null, has_more: more };
};
