import { cn } from "./cn";

/** How far something is, 0 to 1; `undefined` while that is unknown. */
export const Progress = ({ label, value, className }: { readonly label: string; readonly value: number | undefined; readonly className?: string }) => (
  <div
    role="progressbar"
    aria-label={label}
    aria-valuemin={0}
    aria-valuemax={100}
    {...(value === undefined ? {} : { "aria-valuenow": Math.round(value * 100) })}
    className={cn("h-1.5 overflow-hidden rounded-full bg-line", className)}
  >
    <div className={cn("h-full rounded-full bg-accent transition-[width] duration-300 ease-out", value === undefined && "w-1/3 animate-pulse")} style={value === undefined ? undefined : { width: `${value * 100}%` }} />
  </div>
);
