import { cn } from "@/components/cn";

/** The method of a call. */
export const MethodBadge = ({ method }: { readonly method: string }) => (
  <span className={cn("inline-block w-13 shrink-0 font-mono text-[0.6875rem] font-semibold", method === "GET" ? "text-muted" : method === "DELETE" ? "text-danger" : "text-accent-text")}>{method}</span>
);
