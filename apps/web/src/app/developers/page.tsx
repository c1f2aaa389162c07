import type { Metadata } from "next";
import { Developers } from "@/features/developers/developers";
import { isDeveloperTab } from "@/features/developers/tabs";

export const metadata: Metadata = { title: "Developers" };

const DevelopersPage = async ({ searchParams }: { readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>> }) => {
  const { tab } = await searchParams;
  return <Developers start={isDeveloperTab(tab) ? tab : "keys"} />;
};

export default DevelopersPage;
