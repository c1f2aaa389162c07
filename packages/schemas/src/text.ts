import { z } from "zod";

const encoder = new TextEncoder();
// C0 controls except tab, line feed and carriage return; NUL cannot be stored by Postgres at all.
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** Text that every store and log takes unharmed: well-formed Unicode, no control characters, at most `maxBytes` of UTF-8. */
export const plainText = (maxBytes: number) =>
  z
    .string()
    .max(maxBytes, `at most ${maxBytes} bytes`)
    .refine((text) => text.isWellFormed(), "must be well-formed Unicode: it holds half of a surrogate pair")
    .refine((text) => !CONTROL.test(text), "must not hold control characters")
    .refine((text) => encoder.encode(text).length <= maxBytes, `at most ${maxBytes} bytes of UTF-8`);
