"use client";

import { useQuery } from "@tanstack/react-query";
import { Coins, LogIn, LogOut } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { toast } from "sonner";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { useSession, useSignIn } from "@/api/session";
import { Menu, MenuItem } from "@/components/menu";

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const LOOK = "grid w-14 justify-items-center gap-0.5 rounded-md py-1.5 text-[0.6875rem] text-faint tabular-nums hover:bg-hover hover:text-ink";

/** Who is here and what the account has left; or the way in. */
export const AccountButton = () => {
  const trpc = useTRPC();
  const router = useRouter();
  const { data: session } = useSession();
  const { signOut } = useSignIn();
  const { data } = useQuery(trpc.usage.get.queryOptions({}, { enabled: session?.signed_in === true }));
  if (session?.signed_in === false) {
    return (
      <Link href="/sign-in" prefetch={false} className={LOOK}>
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
      <Link href="/developers?tab=usage" prefetch={false} className={LOOK}>
        {credits}
      </Link>
    );
  }
  return (
    <Menu
      align="start"
      trigger={
        <button type="button" className={LOOK}>
          {credits}
        </button>
      }
    >
      <p className="px-2.5 py-1.5 text-xs text-faint">{session.user.email}</p>
      <MenuItem onSelect={() => router.push("/developers?tab=usage")}>
        <Coins aria-hidden /> Usage
      </MenuItem>
      <MenuItem onSelect={() => void signOut().then(() => router.push("/sign-in"), (error: unknown) => toast.error(explain(error).title))}>
        <LogOut aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  );
};
