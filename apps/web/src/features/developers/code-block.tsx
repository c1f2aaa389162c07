import { CopyButton } from "@/components/copy-button";

const TOKEN = /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|(?:^|(?<=\s))(?:#|\/\/).*$|\b(?:const|await|import|from|process)\b)/gm;

const classOf = (token: string): string | undefined => {
  if (/^["'`]/.test(token)) return "text-accent-text";
  if (/^(#|\/\/)/.test(token)) return "text-faint";
  return /^(const|await|import|from|process)$/.test(token) ? "text-warn" : undefined;
};

/** Code to copy: strings, comments and a few words stand out. */
export const CodeBlock = ({ label, code }: { readonly label: string; readonly code: string }) => (
  <figure className="relative min-w-0 overflow-hidden rounded-md border bg-sunken">
    <figcaption className="flex items-center justify-between border-b py-1 pr-1 pl-3 text-xs text-faint">
      {label}
      <CopyButton text={code} label={`Copy ${label}`} />
    </figcaption>
    <pre tabIndex={0} role="group" aria-label={label} className="scroll-quiet max-h-112 overflow-auto p-3 font-mono text-xs leading-relaxed">
      <code>
        {code.split(TOKEN).map((part, i) => (
          <span key={i} className={classOf(part)}>
            {part}
          </span>
        ))}
      </code>
    </pre>
  </figure>
);
