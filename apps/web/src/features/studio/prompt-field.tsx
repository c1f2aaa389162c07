"use client";

import { useId, useRef, useState } from "react";
import { cn } from "@/components/cn";
import { markUnknown, suggest, wordAt } from "./words";

interface PromptFieldProps {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly vocabulary: { readonly words: readonly string[]; readonly subjects: readonly string[] } | null;
  readonly words: ReadonlySet<string> | null;
  readonly onChange: (value: string) => void;
}

const SHOWN = 6;
// Field and overlay must break lines alike.
const TEXT = "whitespace-pre-wrap break-words px-3 py-2.5 text-base leading-6 font-sans";

/** A prompt that completes words the model knows and marks those it does not. */
export const PromptField = ({ id, label, value, placeholder, vocabulary, words, onChange }: PromptFieldProps) => {
  const field = useRef<HTMLTextAreaElement>(null);
  const overlay = useRef<HTMLDivElement>(null);
  const listId = useId();
  const [caret, setCaret] = useState<number>();
  const [chosen, setChosen] = useState(-1);
  const word = caret === undefined ? undefined : wordAt(value, caret);
  const options = word === undefined || vocabulary === null ? [] : suggest(word.start, vocabulary, SHOWN);
  const open = options.length > 0;

  const take = (option: string): void => {
    if (word === undefined || caret === undefined) return;
    const head = value.slice(0, word.from) + option;
    onChange(`${head} ${value.slice(caret).replace(/^ /, "")}`);
    setCaret(undefined);
    setChosen(-1);
    requestAnimationFrame(() => field.current?.setSelectionRange(head.length + 1, head.length + 1));
  };

  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (!open || event.metaKey || event.ctrlKey) return;
    const option = options[chosen];
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      setChosen((chosen + (event.key === "ArrowDown" ? 1 : chosen === -1 ? 0 : -1) + options.length) % options.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && option !== undefined) {
      event.preventDefault();
      take(option);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      setCaret(undefined);
      setChosen(-1);
    }
  };

  return (
    <div className="relative">
      <div className="relative rounded-md border border-line bg-surface shadow-card transition-colors focus-within:border-accent hover:border-line-strong focus-within:hover:border-accent">
        <div ref={overlay} aria-hidden className={cn(TEXT, "pointer-events-none absolute inset-0 overflow-hidden text-transparent")}>
          {markUnknown(value, words).map((stretch, i) => (stretch.known ? stretch.text : <mark key={i} className="bg-transparent text-transparent underline decoration-warn decoration-wavy decoration-1 underline-offset-4">{stretch.text}</mark>))}
        </div>
        <textarea
          ref={field}
          id={id}
          aria-label={label}
          aria-describedby={`${id}-hint`}
          role="combobox"
          aria-autocomplete="list"
          aria-haspopup="listbox"
          aria-expanded={open}
          aria-controls={listId}
          aria-activedescendant={chosen >= 0 && open ? `${listId}-${chosen}` : undefined}
          rows={3}
          maxLength={4000}
          autoComplete="off"
          spellCheck={words === null}
          placeholder={placeholder}
          value={value}
          className={cn(TEXT, "relative block min-h-22 w-full resize-none bg-transparent outline-none placeholder:text-faint")}
          onChange={(event) => {
            onChange(event.target.value);
            setCaret(event.target.selectionStart);
            setChosen(-1);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => setCaret(undefined)}
          onScroll={(event) => overlay.current?.scrollTo({ top: event.currentTarget.scrollTop })}
        />
      </div>
      <ul id={listId} role="listbox" aria-label="Words the model knows" hidden={!open} className="absolute inset-x-0 top-full z-20 mt-1 animate-rise rounded-md border bg-raised p-1 shadow-float">
        {options.map((option, i) => (
          <li
            key={option}
            id={`${listId}-${i}`}
            role="option"
            aria-selected={i === chosen}
            className={cn("cursor-pointer rounded-sm px-2.5 py-1.5", i === chosen ? "bg-hover" : "hover:bg-hover")}
            // Before the field loses its focus.
            onMouseDown={(event) => {
              event.preventDefault();
              take(option);
            }}
          >
            <span className="font-semibold">{option.slice(0, word?.start.length ?? 0)}</span>
            {option.slice(word?.start.length ?? 0)}
          </li>
        ))}
      </ul>
    </div>
  );
};
