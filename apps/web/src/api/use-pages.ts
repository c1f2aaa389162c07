"use client";

import { keepPreviousData, useInfiniteQuery, type QueryKey } from "@tanstack/react-query";

/** One page of a list, newest first. */
interface Page<Item> {
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

interface Pages<Item, Input> {
  /** The procedure's `pathKey()`: whoever invalidates it reads this list again, too. */
  readonly path: QueryKey;
  /** What is listed; the cursor is added. */
  readonly input: Input;
  readonly read: (input: Input & { readonly cursor?: string }, options: { readonly signal: AbortSignal }) => Promise<Page<Item>>;
  /** Milliseconds until it is read again, as long as what is shown asks for it. */
  readonly again?: (items: readonly Item[]) => number | false;
}

/** A list that goes on page by page. The API takes a cursor and refuses whatever else a paging query would add. */
export const usePages = <Item, Input extends object>({ path, input, read, again = () => false }: Pages<Item, Input>) =>
  useInfiniteQuery({
    queryKey: [...path, { pages: input }],
    queryFn: ({ pageParam, signal }) => read({ ...input, ...(pageParam === undefined ? {} : { cursor: pageParam }) }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => again(state.data?.pages.flatMap((page) => page.data) ?? []),
  });
