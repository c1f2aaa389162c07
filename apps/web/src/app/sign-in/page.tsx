import type { Metadata } from "next";
import { SignIn } from "@/features/sign-in/sign-in";

export const metadata: Metadata = { title: "Sign in" };

/** A page of ours, whatever the address says. */
const isOurs = (path: unknown): path is string => typeof path === "string" && /^\/(?![/\\])/.test(path);

const SignInPage = async ({ searchParams }: { readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>> }) => {
  const { back, token } = await searchParams;
  return <SignIn back={isOurs(back) ? back : "/"} token={typeof token === "string" ? token : null} />;
};

export default SignInPage;
