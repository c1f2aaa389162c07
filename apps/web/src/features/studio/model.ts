"use client";

import type { AppRouter } from "@deadiff/edge-api";
import { useQuery } from "@tanstack/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import { useTRPC } from "@/api/client";

/** What the model that jobs run on can do and knows. */
export type Model = inferRouterOutputs<AppRouter>["models"]["get"];

/** How a picture is sampled. */
export type Sampling = Model["defaults"];

/** The model, once read. It changes with deployments only. */
export const useModel = () => {
  const trpc = useTRPC();
  return useQuery(trpc.models.get.queryOptions({}, { staleTime: 10 * 60_000 }));
};
