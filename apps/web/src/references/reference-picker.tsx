"use client";

import { useQuery } from "@tanstack/react-query";
import { LoaderCircle, Upload } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { useTRPC } from "@/api/client";
import { explain } from "@/api/explain";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { Tabs } from "@/components/tabs";
import { STARTERS } from "@/features/studio/starters";
import { note } from "@/shell/notes";
import type { Picked, PickedSource } from "./picked";
import { useSend } from "./use-send";

type Shelf = "starters" | "styles" | "uploads";

interface ReferencePickerProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onPick: (picked: Picked) => void;
  /** Whether saved styles can be picked, too. */
  readonly withStyles?: boolean;
  /** How many more there is room for. */
  readonly room: number;
}

/** Picks references: from the starter shelf, saved styles, pictures sent before, or files. */
export const ReferencePicker = ({ open, onOpenChange, onPick, withStyles = true, room }: ReferencePickerProps) => {
  const [shelf, setShelf] = useState<Shelf>("starters");
  const [busy, setBusy] = useState<readonly string[]>([]);
  const [picked, setPicked] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const send = useSend();
  const full = picked >= room;

  const pick = (name: string, source: PickedSource) => {
    setPicked((count) => count + 1);
    onPick({ key: crypto.randomUUID(), name, source });
  };
  const sendAndPick = async (key: string, name: string, file: () => Promise<Blob>) => {
    setBusy((keys) => [...keys, key]);
    try {
      pick(name, { image: await send(await file()) });
    } catch (error) {
      const { title, advice } = explain(error);
      note.error(title, { description: advice });
    } finally {
      setBusy((keys) => keys.filter((other) => other !== key));
    }
  };
  const close = (next: boolean) => {
    setPicked(0);
    onOpenChange(next);
  };

  const starters = (
    <Shelves>
      {STARTERS.map((starter) => (
        <Choice key={starter.file} name={starter.name} note={starter.credit} url={starter.src} busy={busy.includes(starter.file)} disabled={full} onPick={() => void sendAndPick(starter.file, starter.name, async () => (await fetch(starter.src)).blob())} />
      ))}
    </Shelves>
  );
  return (
    <Dialog
      open={open}
      onOpenChange={close}
      title="Add references"
      description={full ? "That is as many as fit." : "Click one to add it; several, one after the other."}
      className="sm:w-[min(92vw,42rem)]"
      actions={
        <>
          <Button onClick={() => input.current?.click()} disabled={full} busy={busy.includes("file")}>
            <Upload aria-hidden /> From a file
          </Button>
          <Button variant="primary" onClick={() => close(false)}>
            {picked === 0 ? "Close" : `Done, ${picked} added`}
          </Button>
        </>
      }
    >
      <input
        ref={input}
        type="file"
        aria-label="Reference files"
        accept="image/*"
        multiple
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          for (const file of [...(event.target.files ?? [])].slice(0, room - picked)) void sendAndPick("file", file.name, () => Promise.resolve(file));
          event.target.value = "";
        }}
      />
      <Tabs<Shelf>
        label="Where from"
        value={shelf}
        onChange={setShelf}
        tabs={[
          { value: "starters", label: "Starter shelf", content: starters },
          ...(withStyles ? [{ value: "styles" as const, label: "Your styles", content: <SavedStyles disabled={full} onPick={pick} /> }] : []),
          { value: "uploads", label: "Sent before", content: <SentBefore disabled={full} onPick={pick} /> },
        ]}
      />
    </Dialog>
  );
};

const Shelves = ({ children }: { readonly children: ReactNode }) => <ul className="scroll-quiet grid max-h-[56dvh] grid-cols-3 gap-2.5 overflow-y-auto p-1 sm:grid-cols-5">{children}</ul>;

const Choice = ({ name, note, url, busy = false, disabled, onPick }: { readonly name: string; readonly note?: string; readonly url: string | null; readonly busy?: boolean; readonly disabled: boolean; readonly onPick: () => void }) => (
  <li>
    <button type="button" disabled={disabled || busy} aria-busy={busy} title={note} onClick={onPick} className="group grid w-full gap-1 rounded-md text-left disabled:opacity-50">
      <span className="relative block overflow-hidden rounded-md bg-sunken">
        {url === null ? <span className="checker block aspect-square" /> : <img src={url} alt="" loading="lazy" className="aspect-square w-full object-cover transition-transform group-hover:scale-[1.03]" />}
        {busy && (
          <span className="absolute inset-0 grid place-items-center bg-black/35 text-white">
            <LoaderCircle aria-label="Sending" className="size-5 animate-spin" />
          </span>
        )}
      </span>
      <span className="truncate text-xs font-medium text-muted group-hover:text-ink">{name}</span>
    </button>
  </li>
);

const Waiting = () => (
  <Shelves>
    {Array.from({ length: 5 }, (_, i) => (
      <li key={i}>
        <Skeleton className="aspect-square" />
      </li>
    ))}
  </Shelves>
);

const SavedStyles = ({ disabled, onPick }: { readonly disabled: boolean; readonly onPick: (name: string, source: PickedSource) => void }) => {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.styles.list.queryOptions({ limit: 60 }));
  if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Waiting />;
  if (data.data.length === 0) return <EmptyState className="py-8" title="No saved styles yet">Keep a reference under a name on the Styles page.</EmptyState>;
  return (
    <Shelves>
      {data.data.map((style) => (
        <Choice key={style.id} name={style.name} url={style.preview_url} disabled={disabled} onPick={() => onPick(style.name, { style: style.id })} />
      ))}
    </Shelves>
  );
};

const SentBefore = ({ disabled, onPick }: { readonly disabled: boolean; readonly onPick: (name: string, source: PickedSource) => void }) => {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.uploads.list.queryOptions({ limit: 60 }));
  if (error !== null) return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <Waiting />;
  if (data.data.length === 0) return <EmptyState className="py-8" title="Nothing was sent yet">Pictures that you use as references are listed here.</EmptyState>;
  return (
    <Shelves>
      {data.data.map((upload) => {
        const name = `Sent ${new Date(upload.created_at).toLocaleDateString("en", { day: "numeric", month: "short" })}`;
        return <Choice key={upload.id} name={name} url={upload.url} disabled={disabled} onPick={() => onPick(name, { image: upload.id })} />;
      })}
    </Shelves>
  );
};
