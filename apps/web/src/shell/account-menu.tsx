"use client";

import { Coins, LogOut } from "lucide-react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { toast } from "sonner";
import { explain } from "@/api/explain";
import { useSignIn } from "@/api/session";
import { Menu, MenuItem } from "@/components/menu";

/** What somebody who signed in can do about it. */
export const AccountMenu = ({ email, trigger }: { readonly email: string; readonly trigger: ReactNode }) => {
  const router = useRouter();
  const { signOut } = useSignIn();
  return (
    <Menu align="start" trigger={trigger}>
      <p className="px-2.5 py-1.5 text-xs text-faint">{email}</p>
      <MenuItem onSelect={() => router.push("/developers?tab=usage")}>
        <Coins aria-hidden /> Usage
      </MenuItem>
      <MenuItem onSelect={() => void signOut().then(() => router.push("/sign-in"), (error: unknown) => toast.error(explain(error).title))}>
        <LogOut aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  );
};
