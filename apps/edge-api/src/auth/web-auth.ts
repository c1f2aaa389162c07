import { newId, queueMail, tables, type Db } from "@deadiff/schemas";
import { betterAuth } from "better-auth";
import { drizzleAdapter } from "better-auth/adapters/drizzle";

/** How people sign in on the web. */
export interface WebAuthSettings {
  /** Signs cookies: 32 random characters or more, the same on every machine. */
  readonly secret: string;
  /** The web app's origins, the first being the public one. It hands `/auth` on to us, so that cookies are its own. */
  readonly origins: readonly [string, ...string[]];
  /** Whether mail is queued: to confirm addresses, and to reset passwords. */
  readonly mail: boolean;
}

const DAY_S = 24 * 3600;
const WEEK_S = 7 * DAY_S;

/**
 * The sign-in library on our tables, for one request's connection. Cookies are HttpOnly, SameSite=Lax, and Secure where the web app is;
 * calls of `/auth` that change something must come from one of the origins.
 */
export const webAuth = (db: Db, { secret, origins, mail }: WebAuthSettings) =>
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
    emailAndPassword: {
      enabled: true,
      minPasswordLength: 10,
      maxPasswordLength: 128,
      requireEmailVerification: mail,
      resetPasswordTokenExpiresIn: 3600,
      // Whoever knew the old one is to be out.
      revokeSessionsOnPasswordReset: true,
      ...(mail ? { sendResetPassword: ({ user, url }) => queueMail(db, { recipient: user.email, kind: "reset_password", data: { name: user.name, url } }) } : {}),
    },
    ...(mail
      ? {
          emailVerification: {
            sendOnSignUp: true,
            // Signing in with an address that is not confirmed yet sends the link anew.
            sendOnSignIn: true,
            autoSignInAfterVerification: true,
            expiresIn: DAY_S,
            sendVerificationEmail: ({ user, url }) => queueMail(db, { recipient: user.email, kind: "verify_address", data: { name: user.name, url } }),
          },
        }
      : {}),
    session: { expiresIn: WEEK_S, updateAge: DAY_S },
    // Calls are counted by address before they come here, in the database that all machines share.
    rateLimit: { enabled: false },
    advanced: {
      cookiePrefix: "deadiff",
      useSecureCookies: origins[0].startsWith("https:"),
      // The library switches these checks off by itself where it takes its environment for a test's.
      disableOriginCheck: false,
      disableCSRFCheck: false,
      defaultCookieAttributes: { sameSite: "lax", httpOnly: true },
      database: { generateId: () => newId("user") },
    },
    telemetry: { enabled: false },
    logger: { disabled: true },
  });
