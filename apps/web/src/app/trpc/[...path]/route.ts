import { proxy } from "@/api/proxy";

// The API's address is known when the server runs, not when it is built: rewrites would freeze it.
export const dynamic = "force-dynamic";
export { proxy as GET, proxy as POST };
