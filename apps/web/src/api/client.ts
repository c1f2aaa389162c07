import type { AppRouter } from "@deadiff/edge-api";
import { QueryCache, QueryClient } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { createTRPCContext } from "@trpc/tanstack-react-query";
import { recordCalls } from "./calls";

export const { TRPCProvider, useTRPC, useTRPCClient } = createTRPCContext<AppRouter>();

/** The typed client: calls of one moment share a request, subscriptions are event streams. */
export const makeClient = () =>
  createTRPCClient<AppRouter>({
    links: [
      recordCalls,
      splitLink({
        condition: ({ type }) => type === "subscription",
        true: httpSubscriptionLink({ url: "/trpc" }),
        false: httpBatchLink({ url: "/trpc", maxURLLength: 4000, maxItems: 20 }),
      }),
    ],
  });

/** The problem document of an error of ours; `undefined` where the line itself failed. */
export const problemOf = (error: unknown) => (error instanceof TRPCClientError ? ((error as TRPCClientError<AppRouter>).data?.problem ?? undefined) : undefined);

const RETRIES = 3;

/** Keeps what was read; asks again only for what may succeed then. */
export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    queryCache: new QueryCache(),
    defaultOptions: {
      queries: {
        staleTime: 20_000,
        retry: (failures, error) => failures < RETRIES && (problemOf(error)?.retryable ?? true),
        retryDelay: (attempt) => Math.min(8000, 500 * 2 ** attempt),
      },
      // A write that failed on the way is offered again by its form: it carries an idempotency key.
      mutations: { retry: false },
    },
  });
