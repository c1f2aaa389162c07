"use client";

import Link from "next/link";
import { usePathname, useRouter } from "next/navigation";
import { cn } from "@/components/cn";
import { AccountButton } from "./account-button";
import { CommandButton, Commands } from "./command-button";
import { Mark } from "./mark";
import { PAGES } from "./pages";
import { ThemeButton } from "./theme-button";

const isOn = (href: string, path: string): boolean => (href === "/" ? path === "/" : path === href || path.startsWith(`${href}/`));

/** The pages: a rail at the left, a bar at the bottom on a phone. */
export const Navigation = () => {
  const path = usePathname();
  const router = useRouter();
  // Whoever follows a share link sees the picture, not somebody's rooms.
  if (path.startsWith("/s/")) return null;
  return (
    <>
      <a href="#main" className="fixed top-2 left-2 z-50 -translate-y-20 rounded-md bg-accent px-3 py-2 text-accent-ink focus:translate-y-0">
        Skip to the content
      </a>
      <div className="flex h-12 items-center gap-1 border-b bg-surface pr-2 pl-4 lg:hidden">
        <Link href="/" className="mr-auto flex items-center gap-2 font-semibold tracking-tight">
          <Mark /> DEADiff Studio
        </Link>
        <AccountButton place="bar" />
        <CommandButton side="bottom" />
        <ThemeButton side="bottom" />
      </div>
      <header className="fixed inset-x-0 bottom-0 z-30 border-t bg-surface/95 pb-[env(safe-area-inset-bottom)] backdrop-blur lg:inset-y-0 lg:right-auto lg:w-20 lg:border-t-0 lg:border-r lg:bg-surface lg:pb-0">
        <div className="flex h-14 items-stretch lg:h-full lg:flex-col lg:items-center lg:py-3">
          <Link href="/" aria-label="DEADiff Studio" className="mb-4 hidden size-10 place-items-center rounded-md lg:grid">
            <Mark />
          </Link>
          <nav aria-label="Pages" className="flex flex-1 lg:w-full lg:flex-none">
            <ul className="flex flex-1 lg:flex-col lg:gap-1 lg:px-2">
              {PAGES.map(({ href, name, icon: Icon }) => {
                const on = isOn(href, path);
                return (
                  <li key={href} className="flex flex-1">
                    <Link
                      href={href}
                      // All of them at once would slow the first page down: each is fetched when it is pointed at.
                      prefetch={false}
                      onPointerEnter={() => router.prefetch(href)}
                      onFocus={() => router.prefetch(href)}
                      aria-current={on ? "page" : undefined}
                      className={cn(
                        "flex flex-1 flex-col items-center justify-center gap-1 rounded-md text-[0.625rem] font-medium transition-colors lg:py-2.5 lg:text-[0.6875rem]",
                        on ? "text-ink lg:bg-sunken" : "text-faint hover:text-ink lg:hover:bg-hover",
                      )}
                    >
                      <Icon aria-hidden className={cn("size-[1.15rem]", on && "text-accent-text")} strokeWidth={on ? 2.2 : 1.8} />
                      <span>{name}</span>
                    </Link>
                  </li>
                );
              })}
            </ul>
          </nav>
          <div className="hidden flex-1 flex-col items-center justify-end gap-1 lg:flex">
            <CommandButton side="right" />
            <ThemeButton side="right" />
            <AccountButton place="rail" />
          </div>
        </div>
      </header>
      <Commands />
    </>
  );
};
