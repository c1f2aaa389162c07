"use client";

import { Field, fieldIds } from "@/components/field";
import { Input, Textarea } from "@/components/input";
import { TagEditor } from "./tag-editor";

/** What a style is called and filed under. */
export interface Naming {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
}

export const UNNAMED: Naming = { name: "", description: "", tags: [] };

/** Name, tags and description of a style. */
export const NamingFields = ({ value, onChange }: { readonly value: Naming; readonly onChange: (value: Naming) => void }) => (
  <>
    <Field id="style-name" label="Name" hint="How you find it again; one of a kind in the account.">
      <Input id="style-name" aria-describedby={fieldIds("style-name").hintId} value={value.name} maxLength={100} required placeholder="Grandmother's linocut" onChange={(event) => onChange({ ...value, name: event.target.value })} />
    </Field>
    <Field id="style-tags" label="Tags" hint="Enter or a comma takes each one.">
      <TagEditor id="style-tags" describedBy={fieldIds("style-tags").hintId} value={value.tags} onChange={(tags) => onChange({ ...value, tags })} />
    </Field>
    <Field id="style-description" label="Description" hint="What it is good for. May stay empty.">
      <Textarea id="style-description" aria-describedby={fieldIds("style-description").hintId} rows={2} className="min-h-0" value={value.description} maxLength={1000} onChange={(event) => onChange({ ...value, description: event.target.value })} />
    </Field>
  </>
);
