"use client";

import { useMutation } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { explain } from "@/api/explain";
import { useSession, useSignIn } from "@/api/session";
import { Button } from "@/components/button";
import { Field, fieldIds } from "@/components/field";
import { Input } from "@/components/input";
import { Mark } from "@/shell/mark";

/** What the form is for. */
type Purpose = "sign_in" | "sign_up" | "ask_reset" | "reset";

const TITLES: Readonly<Record<Purpose, string>> = { sign_in: "Sign in", sign_up: "Make an account", ask_reset: "Forgot your password?", reset: "Choose a new password" };
const ACTIONS: Readonly<Record<Purpose, string>> = { sign_in: "Sign in", sign_up: "Make an account", ask_reset: "Send me a link", reset: "Keep the new password" };

/** Signing in with e-mail and password, making an account, or choosing a new password by the `token` of a link that was mailed; then on to `back`. */
export const SignIn = ({ back, token }: { readonly back: string; readonly token: string | null }) => {
  const router = useRouter();
  const { data: session } = useSession();
  const { signIn, signUp, requestReset, resetPassword } = useSignIn();
  const [purpose, setPurpose] = useState<Purpose>(token === null ? "sign_in" : "reset");
  const [said, setSaid] = useState<string>();

  const go = (next: Purpose, words?: string) => {
    setPurpose(next);
    setSaid(words);
    send.reset();
  };
  const send = useMutation({
    mutationFn: async (form: FormData) => {
      const text = (name: string): string => {
        const value = form.get(name);
        return typeof value === "string" ? value : "";
      };
      switch (purpose) {
        case "sign_in":
          return signIn(text("email"), text("password"));
        case "sign_up":
          return signUp(text("name"), text("email"), text("password"));
        case "ask_reset":
          return requestReset(text("email"));
        case "reset":
          return resetPassword(token ?? "", text("password"));
      }
    },
    onSuccess: () => {
      if (purpose === "ask_reset") go("sign_in", "If there is an account with that address, a link is on its way to it.");
      else if (purpose === "reset") go("sign_in", "The new password is kept. Sign in with it.");
      else if (purpose === "sign_up" && session?.mail === true) go("sign_in", "A link is on its way to you: open it to confirm your address.");
      else router.push(back);
    },
  });
  const fault = send.error === null ? undefined : explain(send.error);
  const isNew = purpose === "sign_up" || purpose === "reset";
  return (
    <main id="main" className="grid min-h-[calc(100dvh-7rem)] place-items-center p-4 lg:min-h-dvh">
      <div className="grid w-full max-w-sm gap-6 rounded-xl border bg-surface p-6 shadow-card sm:p-8">
        <header className="grid gap-2">
          <Mark className="w-9" />
          <h1 className="text-xl font-semibold">{TITLES[purpose]}</h1>
          {session?.signed_in === true && <p className="text-muted">You are signed in{session.user === null ? ": this machine needs no sign-in" : ` as ${session.user.email}`}.</p>}
          {session?.sign_in === false && <p className="text-muted">Nobody can sign in here: the installation has no sign-in set up.</p>}
          {said !== undefined && (
            <p role="status" className="text-muted">
              {said}
            </p>
          )}
        </header>
        <form
          className="grid gap-4"
          // Sent before the page's script is there, a password must not become part of an address.
          method="post"
          onSubmit={(event) => {
            event.preventDefault();
            send.mutate(new FormData(event.currentTarget));
          }}
        >
          {purpose === "sign_up" && (
            <Field id="name" label="Name" hint="Shown to yourself alone.">
              <Input id="name" name="name" autoFocus required maxLength={100} autoComplete="name" aria-describedby={fieldIds("name").hintId} />
            </Field>
          )}
          {purpose !== "reset" && (
            <Field id="email" label="E-mail" hint="The address of your account.">
              <Input id="email" name="email" type="email" autoFocus={purpose !== "sign_up"} required autoComplete="email" aria-describedby={fieldIds("email").hintId} />
            </Field>
          )}
          {purpose !== "ask_reset" && (
            <Field id="password" label={purpose === "reset" ? "New password" : "Password"} hint="10 to 128 characters.">
              <Input id="password" name="password" type="password" autoFocus={purpose === "reset"} required minLength={10} maxLength={128} autoComplete={isNew ? "new-password" : "current-password"} aria-describedby={fieldIds("password").hintId} />
            </Field>
          )}
          {fault !== undefined && (
            <p role="alert" className="text-danger">
              {fault.title} {fault.advice}
            </p>
          )}
          <Button type="submit" variant="primary" size="lg" busy={send.isPending} disabled={session?.sign_in === false}>
            {ACTIONS[purpose]}
          </Button>
        </form>
        <div className="grid gap-2">
          <Button variant="ghost" onClick={() => go(purpose === "sign_in" ? "sign_up" : "sign_in")}>
            {purpose === "sign_in" ? "I am new here" : "I have an account"}
          </Button>
          {purpose === "sign_in" && session?.mail === true && (
            <Button variant="ghost" onClick={() => go("ask_reset")}>
              I forgot my password
            </Button>
          )}
        </div>
      </div>
    </main>
  );
};
