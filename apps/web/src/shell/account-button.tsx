"use client";

import { useQuery } from "@tanstack/react-query";
import { Coins, LogIn } from "lucide-react";
import dynamic from "next/dynamic";
import Link from "next/link";
import { useTRPC } from "@/api/client";
import { useSession } from "@/api/session";

const AccountMenu = dynamic(() => import("./account-menu").then((module) => module.AccountMenu), { ssr: false });

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const LOOKS = {
  rail: "grid w-14 justify-items-center gap-0.5 rounded-md py-1.5 text-[0.6875rem] text-faint tabular-nums hover:bg-hover hover:text-ink",
  bar: "flex h-9 items-center gap-1.5 rounded-md px-2.5 text-xs font-medium text-muted tabular-nums hover:bg-hover hover:text-ink",
} as const;

/** Who is here and what the account has left; or the way in. Stands in the rail, and in the bar of a phone. */
export const AccountButton = ({ place }: { readonly place: keyof typeof LOOKS }) => {
  const look = LOOKS[place];
  const trpc = useTRPC();
  const { data: session } = useSession();
  const { data } = useQuery(trpc.usage.get.queryOptions({}, { enabled: session?.signed_in === true }));
  if (session?.signed_in === false) {
    return (
      <Link href="/sign-in" prefetch={false} className={look}>
        <LogIn aria-hidden className="size-4" /> Sign in
      </Link>
    );
  }
  const credits = (
    <>
      <Coins aria-hidden className="size-4" />
      <span>
        {data === undefined ? "–" : short.format(data.balance)} <span className="sr-only">credits left</span>
      </span>
    </>
  );
  if (session?.user == null) {
    return (
      <Link href="/developers?tab=usage" prefetch={false} className={look}>
        {credits}
      </Link>
    );
  }
  return (
    <AccountMenu
      email={session.user.email}
      trigger={
        <button type="button" aria-label={`Account of ${session.user.email}, ${data?.balance ?? "–"} credits left`} className={look}>
          {credits}
        </button>
      }
    />
  );
};
