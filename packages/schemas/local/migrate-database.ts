// Brings the database at DATABASE_URL to the newest schema: `npm run migrate -w @deadiff/schemas`.
import { readEnv } from "./env.ts";
import { migrate } from "./migrate.ts";

await migrate(readEnv().DATABASE_URL);
