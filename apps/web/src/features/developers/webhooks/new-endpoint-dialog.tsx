"use client";

import type { Endpoint } from "@deadiff/schemas/contracts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { Field, fieldIds } from "@/components/field";
import { Input } from "@/components/input";

type EventName = Endpoint["events"][number];

const ABOUT: Readonly<Record<EventName, string>> = {
  "job.started": "A worker took it up",
  "job.succeeded": "Its pictures are done",
  "job.failed": "It ended without pictures",
  "job.canceled": "Somebody canceled it",
  "job.expired": "It was not made in time",
  "endpoint.failing": "This address does not answer",
  "endpoint.disabled": "This address was switched off",
};
const EVENTS = Object.keys(ABOUT) as EventName[];
const USUAL: readonly EventName[] = ["job.succeeded", "job.failed", "job.canceled", "job.expired"];

/** Adds an address. */
export const NewEndpointDialog = ({ onOpenChange, onMade }: { readonly onOpenChange: (open: boolean) => void; readonly onMade: (secret: string) => void }) => {
  const trpc = useTRPC();
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [events, setEvents] = useState(USUAL);
  const create = useMutation(trpc.webhooks.endpoints.create.mutationOptions({ onSuccess: ({ secret }) => onMade(secret) }));
  const ready = url.startsWith("https://") && events.length > 0;
  return (
    <Dialog
      open
      onOpenChange={onOpenChange}
      title="New webhook endpoint"
      actions={
        <Button variant="primary" type="submit" form="new-endpoint" disabled={!ready} busy={create.isPending}>
          Add and ping
        </Button>
      }
    >
      <form
        id="new-endpoint"
        className="grid gap-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) create.mutate({ url: url.trim(), description, events: [...events] });
        }}
      >
        <Field id="endpoint-url" label="Address" hint="https, on port 443 or 8443, and reachable from the internet.">
          <Input id="endpoint-url" aria-describedby={fieldIds("endpoint-url").hintId} type="url" inputMode="url" className="font-mono text-xs" value={url} maxLength={2048} required placeholder="https://example.com/hooks/deadiff" onChange={(event) => setUrl(event.target.value)} />
        </Field>
        <Field id="endpoint-description" label="Description" hint="For you. May stay empty.">
          <Input id="endpoint-description" aria-describedby={fieldIds("endpoint-description").hintId} value={description} maxLength={500} onChange={(event) => setDescription(event.target.value)} />
        </Field>
        <fieldset className="grid gap-1">
          <legend className="mb-1.5 font-medium">It hears of</legend>
          {EVENTS.map((name) => (
            <label key={name} className="flex cursor-pointer items-center gap-2.5 rounded-sm px-1 py-1 hover:bg-hover">
              <input type="checkbox" className="size-4 accent-accent" checked={events.includes(name)} onChange={(event) => setEvents(event.target.checked ? [...events, name] : events.filter((other) => other !== name))} />
              <span className="flex-1">{ABOUT[name]}</span>
              <span className="font-mono text-xs text-faint">{name}</span>
            </label>
          ))}
        </fieldset>
        {create.error !== null && (
          <p role="alert" className="text-danger">
            {explain(create.error).title} <span className="text-muted">{explain(create.error).advice}</span>
          </p>
        )}
      </form>
    </Dialog>
  );
};
