import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { loadShared } from "@/features/gallery/load-shared";
import { SharedView } from "@/features/gallery/shared-view";

interface Props {
  readonly params: Promise<{ readonly token: string }>;
}

export const dynamic = "force-dynamic";

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => {
  const picture = await loadShared((await params).token);
  const title = picture === undefined || picture.prompt === "" ? "A picture" : picture.prompt;
  return {
    title,
    // The link is for those who were given it, and is not passed on to the picture's store.
    robots: { index: false, follow: false },
    referrer: "no-referrer",
    ...(picture === undefined ? {} : { openGraph: { title, images: [{ url: picture.url, width: picture.width, height: picture.height, alt: title }] } }),
  };
};

const SharedPage = async ({ params }: Props) => {
  const picture = await loadShared((await params).token);
  return picture === undefined ? notFound() : <SharedView picture={picture} />;
};

export default SharedPage;
