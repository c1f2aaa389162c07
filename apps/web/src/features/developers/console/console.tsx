"use client";

import { SquareTerminal, Trash2 } from "lucide-react";
import { useEffect, useState } from "react";
import { useCalls, type Call } from "@/api/calls";
import { Badge } from "@/components/badge";
import { Button } from "@/components/button";
import { cn } from "@/components/cn";
import { EmptyState, ErrorState, Skeleton } from "@/components/states";
import { Tabs } from "@/components/tabs";
import { CodeBlock } from "../code-block";
import { moment } from "../moment";
import { useApiDocument, type ApiDocument, type Operation } from "../reference/document";
import { requestOf } from "./request";
import { curl, rest, typescript } from "./snippets";

type Language = "curl" | "rest" | "typescript";

/** What this browser asked for, as code. */
export const Console = () => {
  const { calls, clear } = useCalls();
  const { data, error, refetch } = useApiDocument();
  const [chosen, setChosen] = useState<string>();
  useEffect(() => void useCalls.persist.rehydrate(), []);
  if (data === undefined) return error === null ? <Skeleton className="h-72" /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  const operations = new Map(data.operations.map((operation) => [operation.operationId, operation]));
  const known = calls.flatMap((call) => {
    const operation = operations.get(call.path.replaceAll(".", "_"));
    return operation === undefined ? [] : [{ call, operation }];
  });
  const shown = known.find(({ call }) => call.id === chosen) ?? known[0];
  if (shown === undefined) {
    return (
      <EmptyState icon={<SquareTerminal />} title="Nothing was called yet">
        Make a picture in the studio, and the very call is here: for curl, as plain HTTP and in TypeScript.
      </EmptyState>
    );
  }
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-6 lg:grid-cols-[20rem_minmax(0,1fr)]">
      <section className="grid gap-2">
        <div className="flex items-center justify-between">
          <h2 className="font-semibold">What you just did</h2>
          <Button size="sm" variant="ghost" onClick={clear}>
            <Trash2 aria-hidden /> Clear
          </Button>
        </div>
        <ol aria-label="Calls, newest first" className="scroll-quiet max-h-[60dvh] divide-y overflow-y-auto rounded-lg border bg-surface shadow-card">
          {known.map(({ call, operation }) => (
            <li key={call.id}>
              <button type="button" aria-current={call.id === shown.call.id} onClick={() => setChosen(call.id)} className={cn("grid w-full grid-cols-[minmax(0,1fr)] gap-0.5 px-3 py-2 text-left hover:bg-hover focus-visible:-outline-offset-2", call.id === shown.call.id && "bg-accent-soft")}>
                <span className="flex items-center justify-between gap-2">
                  <span className="truncate font-medium">{operation.summary.split(/[;:,]/)[0]?.replaceAll("`", "")}</span>
                  {call.outcome === "failed" && <Badge tone="danger">failed</Badge>}
                </span>
                <span className="flex justify-between gap-2 font-mono text-xs text-muted">
                  {call.path}
                  <time dateTime={call.at}>{moment(call.at)}</time>
                </span>
              </button>
            </li>
          ))}
        </ol>
      </section>
      <Snippets key={shown.call.id} call={shown.call} operation={shown.operation} document={data} />
    </div>
  );
};

const Snippets = ({ call, operation, document }: { readonly call: Call; readonly operation: Operation; readonly document: ApiDocument }) => {
  const [language, setLanguage] = useState<Language>("curl");
  const request = requestOf(operation, document.baseUrl, call.input);
  return (
    <section className="grid min-w-0 gap-1">
      <Tabs<Language>
        label="Language"
        value={language}
        onChange={setLanguage}
        tabs={[
          { value: "curl", label: "curl", content: <CodeBlock label="curl" code={curl(request)} /> },
          { value: "rest", label: "REST", content: <CodeBlock label="HTTP request" code={rest(request)} /> },
          { value: "typescript", label: "TypeScript", content: <CodeBlock label="TypeScript" code={typescript(call.path, call.input, document.baseUrl)} /> },
        ]}
      />
      {call.ms !== null && <p className="pt-1 text-xs text-faint">It {call.outcome === "failed" ? "failed" : "was answered"} in {call.ms} ms. Send it with your own key in DEADIFF_API_KEY.</p>}
    </section>
  );
};
