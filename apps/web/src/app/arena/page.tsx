import type { Metadata } from "next";
import { Arena } from "@/features/arena/arena";

export const metadata: Metadata = { title: "Arena" };

const ArenaPage = () => <Arena />;

export default ArenaPage;
