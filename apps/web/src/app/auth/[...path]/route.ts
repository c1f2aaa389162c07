import { proxy } from "@/api/proxy";

// Signing in and out: cookies are set on this origin.
export const dynamic = "force-dynamic";
export { proxy as GET, proxy as POST };
