import type { Metadata } from "next";
import { readFilter } from "@/features/gallery/filter";
import { GalleryList } from "@/features/gallery/gallery-list";

export const metadata: Metadata = { title: "Gallery" };

const GalleryPage = async ({ searchParams }: { readonly searchParams: Promise<Readonly<Record<string, string | string[] | undefined>>> }) => <GalleryList start={readFilter(await searchParams)} />;

export default GalleryPage;
