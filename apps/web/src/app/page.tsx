import { Studio } from "@/features/studio/studio";

const StudioPage = () => <Studio />;

export default StudioPage;
