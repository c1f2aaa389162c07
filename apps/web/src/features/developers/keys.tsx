"use client";

import type { Key } from "@deadiff/schemas/contracts";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, KeyRound, Plus, RefreshCw, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { cn } from "@/components/cn";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { IconButton } from "@/components/icon-button";
import { Menu, MenuItem } from "@/components/menu";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { note } from "@/shell/notes";
import { day, moment } from "./moment";
import { NewKeyDialog } from "./new-key-dialog";
import { SecretDialog } from "./secret-dialog";

const OVERLAP_S = 3600;

/** The account's API keys. */
export const Keys = () => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(trpc.keys.list.queryOptions({}));
  const [making, setMaking] = useState(false);
  const [secret, setSecret] = useState<string>();
  const [revoking, setRevoking] = useState<Key>();
  const refresh = () => void queries.invalidateQueries({ queryKey: trpc.keys.list.queryKey() });
  const tell = (failed: unknown) => {
    const { title, advice } = explain(failed);
    note.error(title, { description: advice });
  };
  const revoke = useMutation(
    trpc.keys.revoke.mutationOptions({
      onSuccess: () => {
        setRevoking(undefined);
        refresh();
      },
      onError: tell,
    }),
  );
  const roll = useMutation(
    trpc.keys.roll.mutationOptions({
      onSuccess: (made) => {
        setSecret(made.secret);
        refresh();
      },
      onError: tell,
    }),
  );
  return (
    <section className="grid gap-4">
      <div className="flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-xl text-muted">A key acts for this account. Give each program its own, with no more scopes than it needs.</p>
        <Button variant="primary" onClick={() => setMaking(true)}>
          <Plus aria-hidden /> New key
        </Button>
      </div>
      {data === undefined ? (
        error === null ? <Skeleton className="h-40" /> : <ErrorState error={error} onRetry={() => void refetch()} />
      ) : data.data.length === 0 ? (
        <EmptyState icon={<KeyRound />} title="No keys yet">
          Make one to call the API from your own code.
        </EmptyState>
      ) : (
        <ul className="divide-y rounded-lg border bg-surface shadow-card">
          {data.data.map((key) => (
            <KeyRow key={key.id} apiKey={key} onRoll={() => roll.mutate({ id: key.id, overlap_s: OVERLAP_S })} onRevoke={() => setRevoking(key)} />
          ))}
        </ul>
      )}
      {making && (
        <NewKeyDialog
          onOpenChange={setMaking}
          onMade={(made) => {
            setMaking(false);
            setSecret(made);
            refresh();
          }}
        />
      )}
      {secret !== undefined && <SecretDialog title="Your new key" secret={secret} use="Send it as “Authorization: Bearer …”. Keep it where you keep passwords, never in code." onClose={() => setSecret(undefined)} />}
      <ConfirmDialog open={revoking !== undefined} onOpenChange={(open) => !open && setRevoking(undefined)} title={`Revoke “${revoking?.name ?? ""}”?`} action="Revoke the key" busy={revoke.isPending} onConfirm={() => revoking !== undefined && revoke.mutate({ id: revoking.id })}>
        Calls with it are refused from this moment on. It cannot be brought back.
      </ConfirmDialog>
    </section>
  );
};

const KeyRow = ({ apiKey, onRoll, onRevoke }: { readonly apiKey: Key; readonly onRoll: () => void; readonly onRevoke: () => void }) => {
  const over = apiKey.revoked_at !== null || (apiKey.expires_at !== null && Date.parse(apiKey.expires_at) < Date.now());
  return (
    <li className="grid grid-cols-[1fr_auto] items-center gap-x-4 gap-y-1 px-4 py-3 sm:grid-cols-[minmax(0,1.2fr)_minmax(0,1.6fr)_10rem_auto]">
      <div className={cn("min-w-0", over && "text-muted")}>
        <p className="flex items-center gap-2">
          <span className="truncate font-medium">{apiKey.name}</span>
          {apiKey.mode === "test" && <Badge tone="warn">test</Badge>}
          {apiKey.revoked_at !== null ? <Badge tone="danger">revoked</Badge> : over ? <Badge tone="danger">expired</Badge> : null}
        </p>
        <p className="font-mono text-xs text-faint">
          dd_{apiKey.mode}_…{apiKey.last4}
        </p>
      </div>
      <p className="col-span-2 row-start-2 text-xs text-muted sm:col-span-1 sm:row-start-auto">{apiKey.scopes.join(" · ")}</p>
      <p className="col-span-2 text-xs text-faint sm:col-span-1">
        {apiKey.last_used_at === null ? "never used" : `used ${moment(apiKey.last_used_at)}`}
        <br />
        {apiKey.expires_at === null ? `since ${day(apiKey.created_at)}` : `until ${day(apiKey.expires_at)}`}
      </p>
      <div className="col-start-2 row-start-1 sm:col-start-auto sm:row-start-auto">
        <Menu
          trigger={
            <IconButton label={`Actions for ${apiKey.name}`} disabled={over}>
              <Ellipsis aria-hidden />
            </IconButton>
          }
        >
          <MenuItem onSelect={onRoll}>
            <RefreshCw aria-hidden /> Roll: new secret, old one works an hour on
          </MenuItem>
          <MenuItem danger onSelect={onRevoke}>
            <Trash2 aria-hidden /> Revoke at once
          </MenuItem>
        </Menu>
      </div>
    </li>
  );
};
