"use client";

import type { Endpoint } from "@deadiff/schemas/contracts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, Plus, Power, RefreshCw, Send, Trash2, Webhook } from "lucide-react";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { IconButton } from "@/components/icon-button";
import { Menu, MenuItem, MenuLine } from "@/components/menu";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { note } from "@/shell/notes";
import { SecretDialog } from "../secret-dialog";
import { DeliveryLog } from "./delivery-log";
import { NewEndpointDialog } from "./new-endpoint-dialog";

const OVERLAP_S = 24 * 3600;

const WHY: Readonly<Record<NonNullable<Endpoint["disabled_reason"]>, string>> = {
  owner: "switched off",
  gone: "switched off: it answered 410 Gone",
  failing: "switched off: it failed for days",
};

/** Webhook endpoints and what was sent to them. */
export const Webhooks = () => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(trpc.webhooks.endpoints.list.queryOptions({}));
  const [adding, setAdding] = useState(false);
  const [secret, setSecret] = useState<string>();
  const [deleting, setDeleting] = useState<Endpoint>();
  const refresh = () => void queries.invalidateQueries({ queryKey: trpc.webhooks.pathKey() });
  const options = {
    onSuccess: refresh,
    onError: (failed: unknown) => {
      const { title, advice } = explain(failed);
      note.error(title, { description: advice });
    },
  };
  const update = useMutation(trpc.webhooks.endpoints.update.mutationOptions(options));
  const ping = useMutation(trpc.webhooks.endpoints.test.mutationOptions(options));
  const remove = useMutation(
    trpc.webhooks.endpoints.delete.mutationOptions({
      ...options,
      onSuccess: () => {
        setDeleting(undefined);
        refresh();
      },
    }),
  );
  const rotate = useMutation(
    trpc.webhooks.endpoints.rotate.mutationOptions({
      ...options,
      onSuccess: (made) => {
        setSecret(made.secret);
        refresh();
      },
    }),
  );
  return (
    <div className="grid gap-8">
      <section className="grid gap-4">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <p className="max-w-xl text-muted">Addresses that hear how jobs end. Every message is signed, sent again until it is answered with 2xx, and listed below.</p>
          <Button variant="primary" onClick={() => setAdding(true)}>
            <Plus aria-hidden /> New endpoint
          </Button>
        </div>
        {data === undefined ? (
          error === null ? <Skeleton className="h-28" /> : <ErrorState error={error} onRetry={() => void refetch()} />
        ) : data.data.length === 0 ? (
          <EmptyState icon={<Webhook />} title="No endpoints yet">
            Add the https address of your server: a signed ping goes there at once.
          </EmptyState>
        ) : (
          <ul aria-label="Endpoints" className="divide-y rounded-lg border bg-surface shadow-card">
            {data.data.map((endpoint) => (
              <EndpointRow
                key={endpoint.id}
                endpoint={endpoint}
                onPing={() => ping.mutate({ id: endpoint.id })}
                onRotate={() => rotate.mutate({ id: endpoint.id, overlap_s: OVERLAP_S })}
                onSwitch={(state) => update.mutate({ id: endpoint.id, state })}
                onDelete={() => setDeleting(endpoint)}
              />
            ))}
          </ul>
        )}
      </section>
      <DeliveryLog endpoints={data?.data ?? []} />
      {adding && (
        <NewEndpointDialog
          onOpenChange={setAdding}
          onMade={(made) => {
            setAdding(false);
            setSecret(made);
            refresh();
          }}
        />
      )}
      {secret !== undefined && <SecretDialog title="The signing secret" secret={secret} use="Your server checks the signature of every message with it." onClose={() => setSecret(undefined)} />}
      <ConfirmDialog open={deleting !== undefined} onOpenChange={(open) => !open && setDeleting(undefined)} title="Delete this endpoint?" action="Delete the endpoint" busy={remove.isPending} onConfirm={() => deleting !== undefined && remove.mutate({ id: deleting.id })}>
        Nothing more is sent to {deleting?.url}. What waits for it is dropped.
      </ConfirmDialog>
    </div>
  );
};

interface EndpointRowProps {
  readonly endpoint: Endpoint;
  readonly onPing: () => void;
  readonly onRotate: () => void;
  readonly onSwitch: (state: Endpoint["state"]) => void;
  readonly onDelete: () => void;
}

/** An address: how it does, and what can be done with it. */
const EndpointRow = ({ endpoint, onPing, onRotate, onSwitch, onDelete }: EndpointRowProps) => (
  <li className="flex items-center gap-4 px-4 py-3">
    <div className="min-w-0 flex-1">
      <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
        <span className="font-mono text-xs break-all">{endpoint.url}</span>
        {endpoint.state === "enabled" ? <Badge tone={endpoint.failing_since === null ? "accent" : "warn"}>{endpoint.failing_since === null ? "enabled" : "failing"}</Badge> : <Badge tone="danger">{endpoint.disabled_reason === null ? "switched off" : WHY[endpoint.disabled_reason]}</Badge>}
      </p>
      <p className="text-xs text-faint">
        {endpoint.description !== "" && `${endpoint.description} · `}
        {endpoint.events.join(", ")}
      </p>
    </div>
    <Menu
      trigger={
        <IconButton label={`Actions for ${endpoint.url}`}>
          <Ellipsis aria-hidden />
        </IconButton>
      }
    >
      <MenuItem disabled={endpoint.state === "disabled"} onSelect={onPing}>
        <Send aria-hidden /> Send a ping
      </MenuItem>
      <MenuItem onSelect={onRotate}>
        <RefreshCw aria-hidden /> New secret, old one signs a day on
      </MenuItem>
      <MenuItem onSelect={() => onSwitch(endpoint.state === "enabled" ? "disabled" : "enabled")}>
        <Power aria-hidden /> {endpoint.state === "enabled" ? "Switch off" : "Switch on"}
      </MenuItem>
      <MenuLine />
      <MenuItem danger onSelect={onDelete}>
        <Trash2 aria-hidden /> Delete
      </MenuItem>
    </Menu>
  </li>
);
