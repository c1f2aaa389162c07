/**
 * An error a caller can act on: a stable `code` for programs, a message for people that says what was found and what
 * to do, and typed `context` for logs.
 */
export class DeadiffError extends Error {
  override readonly name = "DeadiffError";
  readonly code: string;
  readonly context: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { cause?: unknown; context?: Record<string, unknown> } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.context = options.context ?? {};
  }
}
