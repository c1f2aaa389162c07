"use client";

import { useQuery } from "@tanstack/react-query";
import { Coins } from "lucide-react";
import Link from "next/link";
import { useTRPC } from "@/api/client";
import { Tooltip } from "@/components/tooltip";

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

/** What the account has left; leads to its usage. */
export const AccountButton = () => {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.usage.get.queryOptions({}));
  return (
    <Tooltip side="right" label={data === undefined ? "Usage" : `${data.balance.toLocaleString("en")} credits left`}>
      <Link href="/developers?tab=usage" prefetch={false} className="grid w-14 justify-items-center gap-0.5 rounded-md py-1.5 text-[0.6875rem] text-faint tabular-nums hover:bg-hover hover:text-ink">
        <Coins aria-hidden className="size-4" />
        <span>
          {data === undefined ? "–" : short.format(data.balance)} <span className="sr-only">credits left</span>
        </span>
      </Link>
    </Tooltip>
  );
};
