import { useId } from "react";

interface ChecklistProps<Value extends string> {
  readonly legend: string;
  readonly hint: string;
  /** What each one means, in order. */
  readonly about: Readonly<Record<Value, string>>;
  readonly value: readonly Value[];
  readonly onChange: (value: readonly Value[]) => void;
}

/** Any of a few named things, each with what it means. */
export const Checklist = <Value extends string>({ legend, hint, about, value, onChange }: ChecklistProps<Value>) => {
  const hintId = useId();
  return (
    <fieldset aria-describedby={hintId} className="grid gap-1.5">
      <legend className="mb-1.5 font-medium">{legend}</legend>
      <div>
        {(Object.entries(about) as [Value, string][]).map(([name, meaning]) => (
          <label key={name} className="flex cursor-pointer items-center gap-2.5 rounded-sm px-1 py-1 hover:bg-hover">
            <input type="checkbox" className="size-4 shrink-0 accent-accent" checked={value.includes(name)} onChange={(event) => onChange(event.target.checked ? [...value, name] : value.filter((other) => other !== name))} />
            <span className="min-w-0 flex-1">{meaning}</span>
            <span className="font-mono text-xs text-faint">{name}</span>
          </label>
        ))}
      </div>
      <p id={hintId} className="text-xs text-faint">{hint}</p>
    </fieldset>
  );
};
