import { idSchema } from "@deadiff/schemas/contracts";
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { PictureView } from "@/features/gallery/picture-view";

export const metadata: Metadata = { title: "Picture" };

const PicturePage = async ({ params }: { readonly params: Promise<{ readonly id: string }> }) => {
  const id = idSchema("picture").safeParse((await params).id);
  return id.success ? <PictureView id={id.data} /> : notFound();
};

export default PicturePage;
