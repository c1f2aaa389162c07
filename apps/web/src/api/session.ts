"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { THEME_KEY } from "@/shell/theme";
import { useTRPC } from "./client";
import { UserError } from "./explain";

/** Who is here, and whether one can sign in. */
export const useSession = () => {
  const trpc = useTRPC();
  return useQuery(trpc.session.me.queryOptions({}, { staleTime: 5 * 60_000 }));
};

const post = async (path: string, body: Readonly<Record<string, string>>): Promise<void> => {
  const answer = await fetch(`/auth/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (answer.ok) return;
  const said = (await answer.json().catch(() => ({}))) as { readonly message?: string; readonly detail?: string };
  const what = said.message ?? said.detail ?? "That did not work";
  throw new UserError(/[.!?]$/.test(what) ? what : `${what}.`, answer.status === 429 ? "Wait a minute, then try again." : "Check what you typed, then try again.");
};

/** Removes what a person leaves in this browser (the desk, drafts, calls), but for how it looks. */
const forget = (): void => {
  for (const name of Object.keys(localStorage)) if (name !== THEME_KEY) localStorage.removeItem(name);
};

/** Signing in, up and out. What was read as somebody else is forgotten; who signs out leaves nothing for the next one. */
export const useSignIn = () => {
  const queries = useQueryClient();
  const as = async (path: string, body: Readonly<Record<string, string>>): Promise<void> => {
    await post(path, body);
    await queries.resetQueries();
  };
  return {
    signIn: (email: string, password: string) => as("sign-in/email", { email, password }),
    signUp: (name: string, email: string, password: string) => as("sign-up/email", { name, email, password }),
    /** Sends a link that comes back to `/sign-in` with a token. */
    requestReset: (email: string) => post("request-password-reset", { email, redirectTo: "/sign-in" }),
    resetPassword: (token: string, newPassword: string) => post("reset-password", { token, newPassword }),
    signOut: async () => {
      await post("sign-out", {});
      forget();
      // Called up anew: what the page holds in memory goes, too.
      window.location.assign("/sign-in");
    },
  };
};
