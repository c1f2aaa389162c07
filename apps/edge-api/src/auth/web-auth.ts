import { newId, tables, type Db } from "@deadiff/schemas";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";

/** How people sign in on the web. */
export interface WebAuthSettings {
  /** Signs cookies: 32 random characters or more, the same on every machine. */
  readonly secret: string;
  /** The web app's origins, the first being the public one. It hands `/auth` on to us, so that cookies are its own. */
  readonly origins: readonly [string, ...string[]];
}

const WEEK_S = 7 * 24 * 3600;

/**
 * The sign-in library on our tables, for one request's connection. Cookies are HttpOnly, SameSite=Lax, and Secure where the web app is;
 * calls of `/auth` that change something must come from one of the origins.
 */
export const webAuth = (db: Db, { secret, origins }: WebAuthSettings) =>
  betterAuth({
    appName: "DEADiff Studio",
    baseURL: origins[0],
    basePath: "/auth",
    secret,
    trustedOrigins: [...origins],
    database: drizzleAdapter(db, {
      provider: "pg",
      schema: { user: tables.authUsers, session: tables.authSessions, account: tables.authCredentials, verification: tables.authVerifications },
    }),
    emailAndPassword: { enabled: true, minPasswordLength: 10, maxPasswordLength: 128 },
    session: { expiresIn: WEEK_S, updateAge: WEEK_S / 7 },
    // Calls are counted by address before they come here, in the database that all machines share.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: "deadiff",
      useSecureCookies: origins[0].startsWith("https:"),
      defaultCookieAttributes: { sameSite: "lax", httpOnly: true },
      database: { generateId: () => newId("user") },
    },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
