import type { Metadata } from "next";
import { NewMatrix } from "@/features/matrix/new-matrix";

export const metadata: Metadata = { title: "Matrix" };

const MatrixPage = () => <NewMatrix />;

export default MatrixPage;
