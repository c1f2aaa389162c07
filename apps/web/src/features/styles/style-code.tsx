"use client";

import type { Style } from "@deadiff/schemas/contracts";
import { useMutation } from "@tanstack/react-query";
import { Binary } from "lucide-react";
import { useTRPCClient } from "@/api/client";
import { explain, UserError } from "@/api/explain";
import { Button } from "@/components/button";
import { CopyButton } from "@/components/copy-button";
import { Textarea } from "@/components/input";

const WAIT_S = 20;
const ROUNDS = 6;

/** The style's code: computed once a version, to be copied to another account or to the command line. */
export const StyleCode = ({ style }: { readonly style: Style }) => {
  const client = useTRPCClient();
  const code = useMutation({
    mutationFn: async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const found = await client.styles.code.mutate({ id: style.id, wait_s: WAIT_S });
        if (found.state === "ready" && found.text !== null) return { ...found, text: found.text };
        if (found.state === "failed") throw new UserError(found.error ?? "The code could not be computed.", "Try again in a minute.");
      }
      throw new UserError("The code is still being computed.", "A worker may be busy: try again in a minute.");
    },
  });
  const { data } = code;
  return (
    <section className="grid gap-3 rounded-lg border bg-surface p-4 shadow-card">
      <div className="flex items-start justify-between gap-4">
        <div className="grid gap-0.5">
          <h2 className="font-semibold">Style code</h2>
          <p className="text-muted">The style as numbers, without its pictures. It always means version {style.version}, whatever changes here later.</p>
        </div>
        {data === undefined && (
          <Button busy={code.isPending} onClick={() => code.mutate()}>
            <Binary aria-hidden /> Get the code
          </Button>
        )}
      </div>
      {data !== undefined && (
        <div className="grid gap-2">
          <div className="flex items-start gap-1.5">
            <Textarea readOnly aria-label="The code" rows={3} className="bg-sunken font-mono text-xs break-all" value={data.text} onFocus={(event) => event.target.select()} />
            <CopyButton text={data.text} label="Copy the code" />
          </div>
          <p className="font-mono text-xs text-faint">
            version {data.style_version} · encoder {data.encoder.slice(0, 12)} · {data.bytes?.toLocaleString("en") ?? "–"} bytes
          </p>
        </div>
      )}
      {code.error !== null && (
        <p role="alert" className="text-danger">
          {explain(code.error).title} <span className="text-muted">{explain(code.error).advice}</span>
        </p>
      )}
    </section>
  );
};
