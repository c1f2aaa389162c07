import { idSchema } from "@deadiff/schemas/contracts";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { StyleView } from "@/features/styles/style-view";

export const metadata: Metadata = { title: "Style" };

const StylePage = async ({ params }: { readonly params: Promise<{ readonly id: string }> }) => {
  const id = idSchema("style").safeParse((await params).id);
  return id.success ? <StyleView id={id.data} /> : notFound();
};

export default StylePage;
