"use client";

import type { Endpoint } from "@deadiff/schemas/contracts";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { Checklist } from "@/components/checklist";
import { Field, fieldIds } from "@/components/field";
import { FormDialog } from "@/components/form-dialog";
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
const USUAL: readonly EventName[] = ["job.succeeded", "job.failed", "job.canceled", "job.expired"];

/** Adds an address. */
export const NewEndpointDialog = ({ onOpenChange, onMade }: { readonly onOpenChange: (open: boolean) => void; readonly onMade: (secret: string) => void }) => {
  const trpc = useTRPC();
  const [url, setUrl] = useState("");
  const [description, setDescription] = useState("");
  const [events, setEvents] = useState(USUAL);
  const create = useMutation(trpc.webhooks.endpoints.create.mutationOptions({ onSuccess: ({ secret }) => onMade(secret) }));
  return (
    <FormDialog
      onOpenChange={onOpenChange}
      title="New webhook endpoint"
      action="Add and ping"
      ready={url.trim().startsWith("https://") && events.length > 0}
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate({ url: url.trim(), description, events: [...events] })}
    >
      <Field id="endpoint-url" label="Address" hint="https, on port 443 or 8443, and reachable from the internet.">
        <Input id="endpoint-url" aria-describedby={fieldIds("endpoint-url").hintId} type="url" inputMode="url" className="font-mono text-xs" value={url} maxLength={2048} required placeholder="https://example.com/hooks/deadiff" onChange={(event) => setUrl(event.target.value)} />
      </Field>
      <Field id="endpoint-description" label="Description" hint="For you. May stay empty.">
        <Input id="endpoint-description" aria-describedby={fieldIds("endpoint-description").hintId} value={description} maxLength={500} onChange={(event) => setDescription(event.target.value)} />
      </Field>
      <Checklist legend="It hears of" hint="Nothing else is sent to it, but for a ping that you ask for." about={ABOUT} value={events} onChange={setEvents} />
    </FormDialog>
  );
};
