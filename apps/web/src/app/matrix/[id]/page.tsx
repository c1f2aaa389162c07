import { idSchema } from "@deadiff/schemas/contracts";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { MatrixView } from "@/features/matrix/matrix-view";

export const metadata: Metadata = { title: "Matrix" };

const MatrixPage = async ({ params }: { readonly params: Promise<{ readonly id: string }> }) => {
  const id = idSchema("matrix").safeParse((await params).id);
  return id.success ? <MatrixView id={id.data} /> : notFound();
};

export default MatrixPage;
