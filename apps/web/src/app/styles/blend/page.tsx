import { idSchema } from "@deadiff/schemas/contracts";
import type { Metadata } from "next";
import { BlendView } from "@/features/styles/blend-view";

export const metadata: Metadata = { title: "Blend styles" };

const BlendPage = async ({ searchParams }: { readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>> }) => {
  const first = idSchema("style").safeParse((await searchParams)["a"]);
  return <BlendView first={first.success ? first.data : null} />;
};

export default BlendPage;
