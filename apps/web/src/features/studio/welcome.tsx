"use client";

import Link from "next/link";
import { useSession } from "@/api/session";
import { Button } from "@/components/button";
import { STARTERS } from "./starters";
import { useStudio } from "./state";
import { useReferences } from "./use-references";

/** A first visit: the shelf is the page. One click gives the style, a few words the rest. */
export const Welcome = () => {
  const { addStarter } = useReferences();
  const { data: session } = useSession();
  const chosen = useStudio((state) => state.references.map(({ name }) => name).join("\n")).split("\n");
  return (
    <div className="mx-auto grid w-full max-w-4xl content-center gap-6 px-4 py-8 sm:px-8 lg:min-h-full">
      <div className="grid gap-1.5">
        <h1 className="text-xl font-semibold sm:text-2xl">Choose how it should look. Say what it should show.</h1>
        <p className="max-w-xl text-base text-muted">Take a style from the shelf or drop a picture of your own. It lends how it is drawn: colour, line, material. Your words decide what is drawn.</p>
        {session?.signed_in === false && (
          <Button asChild variant="primary" size="lg" className="my-1 justify-self-start">
            <Link href="/sign-in" prefetch={false}>
              Sign in to make pictures
            </Link>
          </Button>
        )}
      </div>
      <ul className="grid grid-cols-3 gap-2.5 sm:grid-cols-4 sm:gap-3.5">
        {STARTERS.map((starter) => (
          <li key={starter.file}>
            <button type="button" aria-pressed={chosen.includes(starter.name)} onClick={() => addStarter(starter)} className="group grid w-full gap-1.5 rounded-lg text-left" title={starter.credit}>
              <span className="block overflow-hidden rounded-lg ring-accent ring-offset-2 ring-offset-ground transition group-hover:brightness-105 group-aria-pressed:ring-2">
                <img src={starter.src} alt="" width={starter.width} height={starter.height} fetchPriority="low" className="aspect-square w-full object-cover transition-transform duration-300 group-hover:scale-[1.03]" />
              </span>
              <span className="truncate text-xs font-medium text-muted group-hover:text-ink sm:text-sm">{starter.name}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
};
