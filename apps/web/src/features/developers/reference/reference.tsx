"use client";

import { useState } from "react";
import { ErrorState, Skeleton } from "@/components/states";
import { SearchInput } from "@/components/search-input";
import { CodeBlock } from "../code-block";
import { curl } from "../console/snippets";
import { requestOf } from "../console/request";
import { exampleOf } from "./example";
import { jsonSchema, useApiDocument, type ApiDocument, type Operation } from "./document";
import { MethodBadge } from "./method-badge";
import { Entry, SchemaView } from "./schema-view";

/** The API's calls, read from its own description. */
export const Reference = () => {
  const { data, error, refetch } = useApiDocument();
  const [search, setSearch] = useState("");
  if (data === undefined) return error === null ? <Skeleton className="h-96" /> : <ErrorState error={error} onRetry={() => void refetch()} />;
  const wanted = search.trim().toLowerCase();
  const found = data.operations.filter(({ path, summary, method }) => wanted === "" || `${method} ${path} ${summary}`.toLowerCase().includes(wanted));
  // A collection before what is in it.
  const groups = [...Map.groupBy(found, ({ tags }) => tags[0] ?? "other")].map(([tag, operations]) => [tag, operations.toSorted((a, b) => a.path.localeCompare(b.path, "en"))] as const);
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] items-start gap-8 lg:grid-cols-[16rem_minmax(0,1fr)]">
      <nav aria-label="Calls" className="scroll-quiet grid grid-cols-[minmax(0,1fr)] gap-4 lg:sticky lg:top-6 lg:max-h-[calc(100dvh-3rem)] lg:overflow-y-auto lg:p-1 lg:pr-3">
        <SearchInput label="Search calls" placeholder="Search calls" value={search} onChange={setSearch} />
        <ul className="hidden gap-4 lg:grid">
          {groups.map(([tag, operations]) => (
            <li key={tag} className="grid gap-1">
              <h3 className="text-xs font-semibold capitalize">{tag}</h3>
              <ul>
                {operations.map((operation) => (
                  <li key={operation.operationId}>
                    <a href={`#${operation.operationId}`} title={operation.path} className="flex items-baseline gap-2 rounded-sm py-1 text-xs text-muted hover:text-ink">
                      <MethodBadge method={operation.method} />
                      <span className="truncate">{operation.path}</span>
                    </a>
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      </nav>
      <div className="grid min-w-0 gap-10">
        <div className="grid gap-3">
          <p className="max-w-2xl text-muted">
            The address is <code className="font-mono text-xs text-ink">{data.baseUrl}</code>. Send your key as a bearer token. Answers are JSON; errors are problem documents (RFC 9457) with a code, and say whether to try again.{" "}
            <a href="/openapi.json" className="text-accent-text underline underline-offset-2">
              OpenAPI document
            </a>
          </p>
        </div>
        {found.length === 0 && <p className="text-muted">No call matches “{search}”.</p>}
        {groups.map(([tag, operations]) => (
          <section key={tag} className="grid gap-4">
            <h2 className="text-lg font-semibold capitalize">{tag}</h2>
            {operations.map((operation) => (
              <OperationView key={operation.operationId} operation={operation} document={data} />
            ))}
          </section>
        ))}
      </div>
    </div>
  );
};

/** A call as it is sent with what it must have. */
const exampleCall = (operation: Operation, document: ApiDocument): string => {
  const body = jsonSchema(operation.requestBody);
  const example = body === undefined ? {} : exampleOf(body, document.schemas);
  const input = { ...(typeof example === "object" && example !== null ? example : {}), ...Object.fromEntries((operation.parameters ?? []).filter((parameter) => parameter.in === "path").map(({ name }) => [name, `{${name}}`])) };
  return curl(requestOf(operation, document.baseUrl, input));
};

const OperationView = ({ operation, document }: { readonly operation: Operation; readonly document: ApiDocument }) => {
  const { schemas } = document;
  const body = jsonSchema(operation.requestBody);
  const answer = Object.entries(operation.responses).find(([status]) => status.startsWith("2"));
  const answerSchema = jsonSchema(answer?.[1]);
  return (
    <article id={operation.operationId} className="grid scroll-mt-6 gap-6 rounded-lg border bg-surface p-4 shadow-card sm:p-5 xl:grid-cols-2">
      <div className="grid min-w-0 content-start gap-4">
        <header className="grid gap-1.5">
          <h3 className="text-base font-semibold">{operation.summary.replaceAll("`", "")}</h3>
          <p className="flex flex-wrap items-baseline gap-2 font-mono text-xs">
            <MethodBadge method={operation.method} /> <span className="break-all">{operation.path}</span>
          </p>
          {operation.description !== undefined && <p className="text-xs text-muted">{operation.description.replaceAll("`", "")}</p>}
        </header>
        {(operation.parameters ?? []).length > 0 && (
          <div>
            <h4 className="text-xs font-semibold">Parameters</h4>
            <ul className="divide-y">
              {operation.parameters?.map((parameter) => (
                <Entry key={parameter.name} name={parameter.name} schema={parameter.schema ?? {}} schemas={schemas} required={parameter.required === true} note={[parameter.in, parameter.description].filter((part) => part !== undefined).join(": ")} />
              ))}
            </ul>
          </div>
        )}
        {body !== undefined && (
          <div>
            <h4 className="text-xs font-semibold">Body</h4>
            <SchemaView schema={body} schemas={schemas} />
          </div>
        )}
      </div>
      <div className="grid min-w-0 content-start gap-4">
        <CodeBlock label="Example" code={exampleCall(operation, document)} />
        {answerSchema !== undefined && (
          <details className="rounded-md border px-3 open:pb-2">
            <summary className="py-2 text-xs font-medium">Answer {answer?.[0]}</summary>
            <SchemaView schema={answerSchema} schemas={schemas} />
          </details>
        )}
      </div>
    </article>
  );
};
