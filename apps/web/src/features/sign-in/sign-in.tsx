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

/** Signing in with e-mail and password, or making an account; then on to `back`. */
export const SignIn = ({ back }: { readonly back: string }) => {
  const router = useRouter();
  const { data: session } = useSession();
  const { signIn, signUp } = useSignIn();
  const [isNew, setIsNew] = useState(false);
  const send = useMutation({
    mutationFn: (form: FormData) => {
      const text = (name: string): string => {
        const value = form.get(name);
        return typeof value === "string" ? value : "";
      };
      return isNew ? signUp(text("name"), text("email"), text("password")) : signIn(text("email"), text("password"));
    },
    onSuccess: () => router.push(back),
  });
  const fault = send.error === null ? undefined : explain(send.error);
  return (
    <main id="main" className="grid min-h-[calc(100dvh-7rem)] place-items-center p-4 lg:min-h-dvh">
      <div className="grid w-full max-w-sm gap-6 rounded-xl border bg-surface p-6 shadow-card sm:p-8">
        <header className="grid gap-2">
          <Mark className="w-9" />
          <h1 className="text-xl font-semibold">{isNew ? "Make an account" : "Sign in"}</h1>
          {session?.signed_in === true && <p className="text-muted">You are signed in{session.user === null ? ": this machine needs no sign-in" : ` as ${session.user.email}`}.</p>}
          {session?.sign_in === false && <p className="text-muted">Nobody can sign in here: the installation has no sign-in set up.</p>}
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
          {isNew && (
            <Field id="name" label="Name" hint="Shown to yourself alone.">
              <Input id="name" name="name" required maxLength={100} autoComplete="name" aria-describedby={fieldIds("name").hintId} />
            </Field>
          )}
          <Field id="email" label="E-mail" hint="The address of your account.">
            <Input id="email" name="email" type="email" required autoComplete="email" aria-describedby={fieldIds("email").hintId} />
          </Field>
          <Field id="password" label="Password" hint="10 to 128 characters.">
            <Input id="password" name="password" type="password" required minLength={10} maxLength={128} autoComplete={isNew ? "new-password" : "current-password"} aria-describedby={fieldIds("password").hintId} />
          </Field>
          {fault !== undefined && (
            <p role="alert" className="text-danger">
              {fault.title} {fault.advice}
            </p>
          )}
          <Button type="submit" variant="primary" size="lg" busy={send.isPending} disabled={session?.sign_in === false}>
            {isNew ? "Make an account" : "Sign in"}
          </Button>
        </form>
        <Button variant="ghost" onClick={() => setIsNew(!isNew)}>
          {isNew ? "I have an account" : "I am new here"}
        </Button>
      </div>
    </main>
  );
};
