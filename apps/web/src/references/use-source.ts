"use client";

import { skipToken, useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/api/client";
import type { PickedSource } from "./picked";
import type { StoredMember } from "./stored";

/** What shows a reference: an address, or the reason that there is none. */
export interface SourceView {
  readonly url: string | null;
  readonly state: "loading" | "shown" | "gone" | "code";
}

const HOUR_MS = 3600_000;

/** The picture behind a reference, by an address that the store signs anew. */
export const useSource = (source: PickedSource | StoredMember["source"]): SourceView => {
  const trpc = useTRPC();
  const upload = useQuery(trpc.uploads.get.queryOptions("image" in source ? { id: source.image } : skipToken, { staleTime: HOUR_MS }));
  const style = useQuery(trpc.styles.get.queryOptions("style" in source ? { id: source.style } : skipToken, { staleTime: HOUR_MS }));
  if ("url" in source) return { url: null, state: "code" };
  if ("code" in source) return { url: null, state: "code" };
  const { data, error } = "image" in source ? { data: upload.data?.url, error: upload.error } : { data: style.data?.preview_url, error: style.error };
  if (error !== null) return { url: null, state: "gone" };
  if (data === undefined) return { url: null, state: "loading" };
  return data === null ? { url: null, state: "code" } : { url: data, state: "shown" };
};
