"use client";

import { CircleAlert, LogIn, WifiOff } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import type { ReactNode } from "react";
import { explain } from "@/api/explain";
import { Button } from "./button";
import { cn } from "./cn";

/** Nothing is here yet: what it will hold and how to begin. */
export const EmptyState = ({ icon, title, children, action, className }: { readonly icon?: ReactNode; readonly title: string; readonly children?: ReactNode; readonly action?: ReactNode; readonly className?: string }) => (
  <div className={cn("mx-auto grid max-w-sm justify-items-center gap-3 px-6 py-14 text-center", className)}>
    {icon !== undefined && <div aria-hidden className="grid size-12 place-items-center rounded-full bg-sunken text-muted [&_svg]:size-5">{icon}</div>}
    <h2 className="text-lg font-semibold">{title}</h2>
    {children !== undefined && <div className="text-balance text-muted">{children}</div>}
    {action}
  </div>
);

/** Something went wrong: what, what to do, and the number to quote. */
export const ErrorState = ({ error, onRetry, className }: { readonly error: unknown; readonly onRetry?: () => void; readonly className?: string }) => {
  const { title, advice, requestId, offline, signIn, final } = explain(error);
  const path = usePathname();
  return (
    <div role="alert" className={cn("mx-auto grid max-w-sm justify-items-center gap-2 px-6 py-14 text-center", className)}>
      <div aria-hidden className={cn("mb-1 grid size-12 place-items-center rounded-full [&_svg]:size-5", signIn === true ? "bg-sunken text-muted" : "bg-danger-soft text-danger")}>{signIn === true ? <LogIn /> : offline ? <WifiOff /> : <CircleAlert />}</div>
      <h2 className="text-lg font-semibold">{title}</h2>
      <p className="text-balance text-muted">{advice}</p>
      {requestId !== undefined && <p className="font-mono text-xs text-faint">{requestId}</p>}
      {signIn === true && (
        <Button asChild variant="primary" className="mt-2">
          <Link href={`/sign-in?back=${encodeURIComponent(path)}`}>Sign in</Link>
        </Button>
      )}
      {onRetry !== undefined && signIn !== true && final !== true && (
        <Button className="mt-2" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
};

/** A place that is being filled. */
export const Skeleton = ({ className }: { readonly className?: string }) => <div aria-hidden className={cn("skeleton rounded-md", className)} />;
