"use client";

import { Coins, LogOut } from "lucide-react";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";
import { explain } from "@/api/explain";
import { useSignIn } from "@/api/session";
import { Menu, MenuItem } from "@/components/menu";
import { note } from "@/shell/notes";

/** What somebody who signed in can do about it. */
export const AccountMenu = ({ email, trigger }: { readonly email: string; readonly trigger: ReactNode }) => {
  const router = useRouter();
  const { signOut } = useSignIn();
  return (
    <Menu align="start" trigger={trigger}>
      <p className="max-w-64 truncate px-2.5 py-1.5 text-xs text-faint">{email}</p>
      <MenuItem onSelect={() => router.push("/developers?tab=usage")}>
        <Coins aria-hidden /> Usage
      </MenuItem>
      <MenuItem onSelect={() => void signOut().catch((error: unknown) => note.error(explain(error).title))}>
        <LogOut aria-hidden /> Sign out
      </MenuItem>
    </Menu>
  );
};
