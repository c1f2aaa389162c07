import type { Metadata } from "next";
import { StylesList } from "@/features/styles/styles-list";

export const metadata: Metadata = { title: "Styles" };

const StylesPage = () => <StylesList />;

export default StylesPage;
