"use client";

import type { Id, Matrix, Style } from "@deadiff/schemas/contracts";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Blend, Palette, Wand } from "lucide-react";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTRPC } from "@/api/client";
import { Button } from "@/components/button";
import { cn } from "@/components/cn";
import { FormDialog } from "@/components/form-dialog";
import { Field, fieldIds } from "@/components/field";
import { Input } from "@/components/input";
import { Page } from "@/components/page";
import { Select } from "@/components/select";
import { Slider } from "@/components/slider";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { NamingFields, UNNAMED } from "./naming";
import { StylePicture } from "./style-picture";

/** Where between the two styles pictures are made, in percent of the second. */
const STOPS = [0, 25, 50, 75, 100] as const;
const POLL_MS = 1500;

/** Two styles, and what lies between them. */
export const BlendView = ({ first }: { readonly first: Id<"style"> | null }) => {
  const trpc = useTRPC();
  const { data, error, refetch } = useQuery(trpc.styles.list.queryOptions({ limit: 100 }));
  const title = "Blend two styles";
  const intro = "Move between them, look at pictures on the way, keep the mix that is right.";
  if (data === undefined) {
    return (
      <Page title={title} intro={intro}>
        {error === null ? <Skeleton className="h-72" /> : <ErrorState error={error} onRetry={() => void refetch()} />}
      </Page>
    );
  }
  const [one, two] = data.data;
  if (one === undefined || two === undefined) {
    return (
      <Page title={title} intro={intro}>
        <EmptyState
          icon={<Palette />}
          title="It takes two styles"
          action={
            <Button asChild variant="primary">
              <Link href="/styles">To the styles</Link>
            </Button>
          }
        >
          Keep two references as styles first.
        </EmptyState>
      </Page>
    );
  }
  const start = data.data.find(({ id }) => id === first) ?? one;
  return (
    <Page title={title} intro={intro}>
      <Blending styles={data.data} start={start} other={start.id === one.id ? two : one} />
    </Page>
  );
};

const Blending = ({ styles, start, other }: { readonly styles: readonly Style[]; readonly start: Style; readonly other: Style }) => {
  const trpc = useTRPC();
  const [aId, setA] = useState<string>(start.id);
  const [bId, setB] = useState<string>(other.id);
  const [share, setShare] = useState(50);
  const [prompt, setPrompt] = useState("");
  const [keeping, setKeeping] = useState(false);
  const [made, setMade] = useState<{ readonly id: Id<"matrix">; readonly pair: string }>();
  const a = styles.find(({ id }) => id === aId) ?? start;
  const b = styles.find(({ id }) => id === bId) ?? other;
  const pair = `${a.id} ${a.version} ${b.id} ${b.version}`;
  const model = useQuery(trpc.models.get.queryOptions({}, { staleTime: 300_000 }));
  const create = useMutation(trpc.matrices.create.mutationOptions({ onSuccess: (matrix) => setMade({ id: matrix.id, pair }) }));
  const { data: matrix } = useQuery(
    trpc.matrices.get.queryOptions(
      { id: made?.id ?? "mtx_" },
      { enabled: made !== undefined, placeholderData: keepPreviousData, refetchInterval: ({ state }) => (state.data?.is_terminal === false ? POLL_MS : false) },
    ),
  );
  const shown = made?.pair === pair ? matrix : undefined;
  const same = a.id === b.id;

  const look = () => {
    const settings = model.data?.presets.find(({ name }) => name === "fast")?.settings;
    create.mutate({
      references: STOPS.map((stop) => [{ blend: [{ style: a.id, weight: (100 - stop) / 100 }, { style: b.id, weight: stop / 100 }] }]),
      prompts: [prompt.trim()],
      ...settings,
      idempotency_key: crypto.randomUUID(),
    });
  };

  return (
    <div className="mx-auto grid max-w-5xl grid-cols-[minmax(0,1fr)] gap-8">
      <div className="grid grid-cols-2 gap-4 sm:gap-8 lg:grid-cols-[1fr_1.4fr_1fr]">
        <Side label="First style" style={a} styles={styles} value={a.id} onChange={setA} />
        <div className="order-last col-span-2 grid grid-cols-[minmax(0,1fr)] content-start gap-4 lg:order-none lg:col-span-1">
          <Large matrix={shown} share={share} busy={create.isPending} />
        </div>
        <Side label="Second style" style={b} styles={styles} value={b.id} onChange={setB} />
      </div>
      <Stops matrix={shown} share={share} onChoose={setShare} />
      <Slider id="share" label={`Share of ${b.name}`} unit="%" hint={`The rest is ${a.name}. 0 is the first style alone, 100 the second.`} value={share} min={0} max={100} step={5} neutral={50} onChange={setShare} />
      <form
        className="flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (!same && !create.isPending) look();
        }}
      >
        <Field id="blend-prompt" label="Prompt" hint="What the pictures on the way show; empty: what the styles suggest." className="min-w-60 flex-1">
          <Input id="blend-prompt" aria-describedby={fieldIds("blend-prompt").hintId} value={prompt} placeholder="a fox" maxLength={1000} onChange={(event) => setPrompt(event.target.value)} />
        </Field>
        <div className="mb-6 flex gap-2">
          <Button type="submit" busy={create.isPending} disabled={same}>
            <Wand aria-hidden /> Show the way between
          </Button>
          <Button variant="primary" disabled={same || share === 0 || share === 100} onClick={() => setKeeping(true)}>
            <Blend aria-hidden /> Keep this blend
          </Button>
        </div>
      </form>
      {same && (
        <p role="status" className="text-warn">
          Choose two different styles.
        </p>
      )}
      {create.error !== null && <ErrorState error={create.error} className="py-4" />}
      {keeping && <KeepDialog a={a} b={b} share={share} onOpenChange={setKeeping} />}
    </div>
  );
};

const Side = ({ label, style, styles, value, onChange }: { readonly label: string; readonly style: Style; readonly styles: readonly Style[]; readonly value: string; readonly onChange: (id: string) => void }) => (
  <div className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-2">
    <Select label={label} value={value} options={styles.map(({ id, name }) => ({ value: id, label: name }))} onChange={onChange} />
    <StylePicture style={style} />
  </div>
);

const nearest = (share: number): number => STOPS.reduce<number>((best, stop, i) => (Math.abs(stop - share) < Math.abs((STOPS[best] ?? 0) - share) ? i : best), 0);

const Large = ({ matrix, share, busy }: { readonly matrix: Matrix | undefined; readonly share: number; readonly busy: boolean }) => {
  const job = matrix?.cells[nearest(share)];
  const url = job?.outputs[0]?.url ?? job?.preview_url;
  return (
    <figure className="relative grid aspect-square place-items-center overflow-hidden rounded-xl border bg-surface shadow-card">
      {url != null ? (
        <img src={url} alt={`Blend with ${STOPS[nearest(share)] ?? 0} % of the second style`} className="size-full object-cover" />
      ) : busy || (job !== undefined && !job.is_terminal) ? (
        <span className="skeleton size-full" />
      ) : (
        <figcaption className="max-w-56 p-6 text-center text-muted">Say what to draw, and see five pictures on the way from one style to the other.</figcaption>
      )}
    </figure>
  );
};

/** The pictures on the way, each under its place on the slider. */
const Stops = ({ matrix, share, onChoose }: { readonly matrix: Matrix | undefined; readonly share: number; readonly onChoose: (share: number) => void }) =>
  matrix === undefined ? null : (
    <ul className="grid grid-cols-5 gap-2 sm:gap-3">
      {STOPS.map((stop, i) => {
        const job = matrix.cells[i];
        const url = job?.outputs[0]?.url;
        return (
          <li key={stop}>
            <button type="button" aria-pressed={nearest(share) === i} aria-label={`${stop} % of the second style`} onClick={() => onChoose(stop)} className="grid w-full gap-1 text-center text-xs text-faint tabular-nums">
              <span className={cn("block aspect-square overflow-hidden rounded-md bg-sunken", nearest(share) === i && "ring-2 ring-accent ring-offset-2 ring-offset-ground")}>
                {url != null ? <img src={url} alt="" className="size-full animate-fade object-cover" /> : <span className={cn("block size-full", job?.is_terminal === false && "skeleton")} />}
              </span>
              {stop} %
            </button>
          </li>
        );
      })}
    </ul>
  );

const KeepDialog = ({ a, b, share, onOpenChange }: { readonly a: Style; readonly b: Style; readonly share: number; readonly onOpenChange: (open: boolean) => void }) => {
  const trpc = useTRPC();
  const queries = useQueryClient();
  const router = useRouter();
  const [naming, setNaming] = useState({ ...UNNAMED, name: `${a.name} × ${b.name}`.slice(0, 100), tags: ["blend"] as readonly string[] });
  const keep = useMutation(
    trpc.styles.blend.mutationOptions({
      onSuccess: (style) => {
        void queries.invalidateQueries({ queryKey: trpc.styles.list.pathKey() });
        router.push(`/styles/${style.id}`);
      },
    }),
  );
  return (
    <FormDialog
      onOpenChange={onOpenChange}
      title="Keep this blend"
      description={`${100 - share} % ${a.name}, ${share} % ${b.name}.`}
      action="Keep the style"
      ready={naming.name.trim() !== ""}
      busy={keep.isPending}
      error={keep.error}
      onSubmit={() => keep.mutate({ ...naming, name: naming.name.trim(), tags: [...naming.tags], styles: [{ style: a.id, weight: (100 - share) / 100 }, { style: b.id, weight: share / 100 }] })}
    >
      <NamingFields value={naming} onChange={(next) => setNaming({ ...next })} />
    </FormDialog>
  );
};
