import type { ReactNode } from "react";
import { cn } from "./cn";

/** What a control is told by its {@link Field}. */
export interface FieldIds {
  readonly labelId: string;
  readonly hintId: string;
}

/** The ids that tie a control to its name and its sentence. */
export const fieldIds = (id: string): FieldIds => ({ labelId: `${id}-label`, hintId: `${id}-hint` });

/** A control with its name, its value with a unit, and one sentence that says what it does. */
export const Field = ({ id, label, value, hint, children, className }: { readonly id: string; readonly label: string; readonly value?: ReactNode; readonly hint: ReactNode; readonly children: ReactNode; readonly className?: string }) => {
  const { labelId, hintId } = fieldIds(id);
  return (
    <div className={cn("grid grid-cols-[minmax(0,1fr)] gap-1.5", className)}>
      <div className="flex min-h-6 items-center justify-between gap-3">
        <label id={labelId} htmlFor={id} className="min-w-0 font-medium [overflow-wrap:anywhere]">
          {label}
        </label>
        {value}
      </div>
      {children}
      <p id={hintId} className="text-xs [overflow-wrap:anywhere] text-faint">
        {hint}
      </p>
    </div>
  );
};
