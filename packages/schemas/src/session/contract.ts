import { z } from "zod";
import { idSchema } from "../ids.ts";
import { SCOPES } from "../key/contract.ts";

/** Who asks, and how somebody could sign in. */
export const sessionSchema = z
  .object({
    object: z.literal("session"),
    kind: z.enum(["none", "key", "user", "local"]).meta({ description: "Nobody; an API key; somebody signed in on the web; the one account of a local installation." }),
    signed_in: z.boolean(),
    account: z.object({ id: idSchema("account"), name: z.string() }).nullable(),
    user: z.object({ id: z.string(), name: z.string(), email: z.string() }).nullable(),
    mode: z.enum(["live", "test"]),
    scopes: z.array(z.enum(SCOPES)),
    sign_in: z.boolean().meta({ description: "Whether one can sign in here: `POST /auth/sign-in/email`, `/auth/sign-up/email`, `/auth/sign-out`." }),
    mail: z.boolean().meta({ description: "Whether mail is sent here: addresses are confirmed, and `POST /auth/request-password-reset` sends a link." }),
  })
  .meta({ id: "Session" });

/** See {@link sessionSchema}. */
export type SessionInfo = z.infer<typeof sessionSchema>;
